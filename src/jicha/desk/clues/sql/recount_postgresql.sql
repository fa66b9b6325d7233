DELETE FROM clues_tally
--;
INSERT INTO clues_tally (organisation_id, state, band, clues, company_fen, customer_fen, expected_fen)
SELECT
    organisation_id, state, band, count(*), sum((company_yuan * 100)::bigint), sum((customer_yuan * 100)::bigint),
    sum(greatest(0, (expected_yuan * 100)::bigint))
FROM clues_clue
GROUP BY organisation_id, state, band
