"""Checks a case bundle (案卷包) of jicha with nothing but Python 3.10 or newer; jicha itself is not needed.

    python verify_case.py BUNDLE.zip [CHECKPOINTS.jsonl]

Use a copy of this script that you did not take out of the bundle. CHECKPOINTS.jsonl is the list of hashes that the audit unit
keeps outside its database: only with it, or with the one line that the unit tells you, can a bundle that was forged as a whole be told.
Exit code: 0 all right, 1 something is wrong, 2 wrong call.
"""

from __future__ import annotations

# One who is to trust this script reads it in one go: long lines, few of them.
# fmt: off
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

MANIFEST, SEAL, CASE, LOG = "manifest.json", "seal.json", "case.json", "log.jsonl"
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, OSError, zipfile.BadZipFile, RuntimeError, EOFError)
NAME = re.compile(r"(?!.*\.\.)(?!\./)[^/\\:\x00-\x1f]+(/[^/\\:\x00-\x1f]+)*")
HEADERS, END = 30 + 46, 22  # bytes that a zip of plain files spends on each file, and at its end


def read_json(data: bytes | str) -> Any:
    """Return JSON in which no key is told twice."""
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        told = dict(pairs)
        if len(told) != len(pairs):
            raise ValueError("a key is told twice")
        return told
    return json.loads(data, object_pairs_hook=once)


def archive_faults(archive: zipfile.ZipFile, size: int) -> list[str]:
    """Plain files only, each once, none that leads out of the folder, and no byte that belongs to none."""
    entries = archive.infolist()
    names = [entry.filename.casefold() for entry in entries]
    faults = [f"{name}: there twice" for name in sorted({name for name in names if names.count(name) > 1})]
    for entry in entries:
        if not NAME.fullmatch(entry.orig_filename) or entry.external_attr >> 16 != 0o100644:
            faults.append(f"{entry.filename}: no plain file inside the bundle")
        if entry.compress_type or entry.flag_bits & 1 or entry.file_size != entry.compress_size:
            faults.append(f"{entry.filename}: packed otherwise than a bundle is")
    owned = sum(HEADERS + 2 * len(entry.filename.encode()) + entry.file_size for entry in entries) + END
    return faults if faults or owned == size else [f"{abs(size - owned)} bytes belong to no file"]


def file_faults(archive: zipfile.ZipFile, files: dict[str, Any]) -> list[str]:
    """Exactly the files of the manifest, each with its hash and size."""
    there = {entry.filename: entry.file_size for entry in archive.infolist()}
    faults = [f"{name}: not in the manifest" for name in sorted(there.keys() - files.keys() - {MANIFEST, SEAL})]
    for name, told in sorted(files.items()):
        if name not in there:
            faults.append(f"{name}: missing")
        elif there[name] != told["bytes"] or hashlib.sha256(archive.read(name)).hexdigest() != told["sha256"]:
            faults.append(f"{name}: changed")
    return faults


def event_faults(event: dict[str, Any]) -> list[str]:
    """The text of an event gives its hash, and its number is the one in the text."""
    is_same = event["hash"] == hashlib.sha256(f"{event['previous_hash']}\n{event['content']}".encode()).hexdigest()
    faults = [] if is_same else [f"event {event['number']}: its text does not give its hash"]
    is_number = read_json(event["content"])["number"] == event["number"]
    return faults if is_number else [*faults, f"event {event['number']}: another number in its text"]


def log_faults(events: list[dict[str, Any]], case: dict[str, Any], sealing: dict[str, Any]) -> list[str]:
    """The events of this case, whole and in order, before the export; state and evidence as the events say."""
    faults = [fault for event in events for fault in event_faults(event)]
    for event, after in zip(events, [*events[1:], sealing], strict=True):
        if after["number"] <= event["number"]:
            faults.append(f"event {after['number']}: out of order")
        if after["number"] == event["number"] + 1 and after["previous_hash"] != event["hash"]:
            faults.append(f"event {after['number']}: does not continue the one before")
    told = [read_json(event["content"]) for event in events]
    faults += [f"event {one['number']}: of another case" for one in told if one["subject"] not in case["log"]["subjects"]]
    if [event["number"] for event in events] != case["log"]["numbers"]:
        faults.append("the case names other events")
    states = [one["details"]["to"] for one in told if one["subject"] == case["log"]["order"] and "to" in one["details"]]
    if states[-1:] != [case["order"]["state"]]:
        faults.append(f"the order is {case['order']['state']}, the last event says {states[-1:]}")
    added = {one["details"].get("sha256") for one in told}
    return faults + [f"{one['path']}: no event added this file" for one in case["evidence"] if one["sha256"] not in added]


def seal_faults(root: str, case: dict[str, Any], seal: dict[str, Any]) -> list[str]:
    """The export stands in the log, of this order, with the hash of this manifest."""
    told, faults = read_json(seal["event"]["content"]), event_faults(seal["event"])
    if told["action"] != "export_bundle" or told["subject"] != case["log"]["order"]:
        faults.append("the sealing event is no export of this order")
    is_same = told["details"]["root"] == seal["root"] == root
    return faults if is_same else [*faults, "the manifest is not the one that was exported"]


def checkpoint_faults(events: list[dict[str, Any]], known: list[dict[str, Any]]) -> list[str]:
    """A checkpoint stands on the export, and no checkpoint contradicts an event."""
    hashes = {event["number"]: event["hash"] for event in events}
    wrong = [one["number"] for one in known if hashes.get(one["number"], one["hash"]) != one["hash"]]
    is_anchored = events[-1]["number"] in {one["number"] for one in known}
    faults = [f"event {number}: another hash than its checkpoint" for number in wrong]
    return faults if is_anchored else [*faults, f"event {events[-1]['number']}: no checkpoint stands on the export"]


def check(path: Path, outside: Path | None) -> bool:
    """Print what is right and what is not; return whether all is right."""
    with zipfile.ZipFile(path) as archive:
        if not tell("archive 压缩包", archive_faults(archive, path.stat().st_size)):
            return False
        manifest = archive.read(MANIFEST)
        right = tell("files 文件", file_faults(archive, read_json(manifest)["files"]))
        case, seal = read_json(archive.read(CASE)), read_json(archive.read(SEAL))
        events = [read_json(line) for line in archive.read(LOG).decode().splitlines()]
    right &= tell("event log 日志", log_faults(events, case, seal["event"]))
    right &= tell("seal 封记", seal_faults(hashlib.sha256(manifest).hexdigest(), case, seal))
    chain = [*events, seal["event"]]
    right &= tell("checkpoints 检查点", checkpoint_faults(chain, seal["checkpoints"]))
    if outside:
        known = [read_json(line) for line in outside.read_text().splitlines() if line.endswith("}")]
        right &= tell("checkpoints outside 外部检查点", checkpoint_faults(chain, known))
    print(f"{case['order']['number']} · {case['order']['state']} · event {chain[-1]['number']} {chain[-1]['hash']}")
    print("Compare this line with the one that the audit unit tells you (请与稽查单位另行告知的一行核对).")
    return right


def tell(title: str, faults: list[str]) -> bool:
    """Print the result of one check; return whether it found nothing."""
    print(f"{'WRONG 不符' if faults else 'ok 正确'}  {title}", *faults[:20], sep="\n    ")
    return not faults


def main(arguments: list[str]) -> int:
    """Check the bundle that is named."""
    if not 1 <= len(arguments) <= 2:
        print(__doc__)
        return 2
    try:
        return 0 if check(Path(arguments[0]), Path(arguments[1]) if arguments[1:] else None) else 1
    except UNREADABLE as error:
        tell("bundle 案卷包", [f"cannot be read: {error!r}"])
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
