DROP TRIGGER IF EXISTS clue_tally_add
--;
DROP TRIGGER IF EXISTS clue_tally_take
--;
DROP TRIGGER IF EXISTS clue_tally_change
--;
CREATE TRIGGER clue_tally_add AFTER INSERT ON clues_clue
BEGIN
    INSERT INTO clues_tally (organisation_id, state, band, clues, company_fen, customer_fen, expected_fen)
    VALUES (
        NEW.organisation_id, NEW.state, NEW.band, 1, CAST(round(NEW.company_yuan * 100) AS INTEGER),
        CAST(round(NEW.customer_yuan * 100) AS INTEGER), max(0, CAST(round(NEW.expected_yuan * 100) AS INTEGER))
    )
    ON CONFLICT (organisation_id, state, band) DO UPDATE SET
    clues = clues + 1, company_fen = company_fen + excluded.company_fen, customer_fen = customer_fen + excluded.customer_fen,
    expected_fen = expected_fen + excluded.expected_fen;
END
--;
CREATE TRIGGER clue_tally_take AFTER DELETE ON clues_clue
BEGIN
    UPDATE clues_tally SET
        clues = clues - 1, company_fen = company_fen - CAST(round(OLD.company_yuan * 100) AS INTEGER),
        customer_fen = customer_fen - CAST(round(OLD.customer_yuan * 100) AS INTEGER),
        expected_fen = expected_fen - max(0, CAST(round(OLD.expected_yuan * 100) AS INTEGER))
    WHERE organisation_id = OLD.organisation_id AND state = OLD.state AND band = OLD.band;
END
--;
CREATE TRIGGER clue_tally_change AFTER UPDATE OF organisation_id, state, band, company_yuan, customer_yuan, expected_yuan ON clues_clue
BEGIN
    UPDATE clues_tally SET
        clues = clues - 1, company_fen = company_fen - CAST(round(OLD.company_yuan * 100) AS INTEGER),
        customer_fen = customer_fen - CAST(round(OLD.customer_yuan * 100) AS INTEGER),
        expected_fen = expected_fen - max(0, CAST(round(OLD.expected_yuan * 100) AS INTEGER))
    WHERE organisation_id = OLD.organisation_id AND state = OLD.state AND band = OLD.band;
    INSERT INTO clues_tally (organisation_id, state, band, clues, company_fen, customer_fen, expected_fen)
    VALUES (
        NEW.organisation_id, NEW.state, NEW.band, 1, CAST(round(NEW.company_yuan * 100) AS INTEGER),
        CAST(round(NEW.customer_yuan * 100) AS INTEGER), max(0, CAST(round(NEW.expected_yuan * 100) AS INTEGER))
    )
    ON CONFLICT (organisation_id, state, band) DO UPDATE SET
    clues = clues + 1, company_fen = company_fen + excluded.company_fen, customer_fen = customer_fen + excluded.customer_fen,
    expected_fen = expected_fen + excluded.expected_fen;
END
