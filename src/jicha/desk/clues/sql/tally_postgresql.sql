CREATE OR REPLACE FUNCTION clue_tally() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE clues_tally SET
            clues = clues - 1, company_fen = company_fen - (OLD.company_yuan * 100)::bigint,
            customer_fen = customer_fen - (OLD.customer_yuan * 100)::bigint,
            expected_fen = expected_fen - greatest(0, (OLD.expected_yuan * 100)::bigint)
        WHERE organisation_id = OLD.organisation_id AND state = OLD.state AND band = OLD.band;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO clues_tally AS t (organisation_id, state, band, clues, company_fen, customer_fen, expected_fen)
        VALUES (
            NEW.organisation_id, NEW.state, NEW.band, 1, (NEW.company_yuan * 100)::bigint, (NEW.customer_yuan * 100)::bigint,
            greatest(0, (NEW.expected_yuan * 100)::bigint)
        )
        ON CONFLICT (organisation_id, state, band) DO UPDATE SET
        clues = t.clues + 1, company_fen = t.company_fen + excluded.company_fen, customer_fen = t.customer_fen + excluded.customer_fen,
        expected_fen = t.expected_fen + excluded.expected_fen;
    END IF;
    RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS clue_tally_change ON clues_clue
--;
CREATE TRIGGER clue_tally_change
AFTER INSERT OR DELETE OR UPDATE OF organisation_id, state, band, company_yuan, customer_yuan, expected_yuan ON clues_clue
FOR EACH ROW EXECUTE FUNCTION clue_tally()
