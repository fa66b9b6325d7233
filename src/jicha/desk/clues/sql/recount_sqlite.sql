DELETE FROM clues_tally
--;
INSERT INTO clues_tally (organisation_id, state, band, clues, company_fen, customer_fen, expected_fen)
SELECT
    organisation_id, state, band, count(*), sum(CAST(round(company_yuan * 100) AS INTEGER)),
    sum(CAST(round(customer_yuan * 100) AS INTEGER)), sum(max(0, CAST(round(expected_yuan * 100) AS INTEGER)))
FROM clues_clue
GROUP BY organisation_id, state, band
