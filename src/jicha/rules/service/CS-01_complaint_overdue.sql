-- Complaints (投诉) of which the time to contact the customer or to answer ran out in the audited month. The version of
-- the promise is that of the day on which the complaint came.
WITH asked AS (
    SELECT
        c.complaint_no,
        c.org_no,
        c.customer_no,
        c.kind,
        c.received_at,
        CASE WHEN c.contacted_at < $as_of THEN c.contacted_at END AS contacted_at,
        CASE WHEN c.answered_at < $as_of THEN c.answered_at END AS answered_at,
        c.received_at >= $current_from AS by_current_text,
        CASE WHEN c.received_at >= $current_from THEN $answer_working_days ELSE $old_answer_working_days END AS answer_limit,
        w.working_day_no AS received_no
    FROM complaint AS c
    LEFT JOIN working_day AS w ON w.day = CAST(c.received_at AS DATE)
    WHERE
        c.kind IN ($kinds)
        -- An outage call to which a crew went is a repair (CS-02).
        AND (c.kind <> 'outage' OR c.arrived_at IS NULL)
),

timed AS (
    SELECT
        a.complaint_no,
        a.org_no,
        a.customer_no,
        a.kind,
        a.received_at,
        a.contacted_at,
        a.answered_at,
        -- An answer is a contact.
        LEAST(COALESCE(a.contacted_at, a.answered_at), COALESCE(a.answered_at, a.contacted_at)) AS first_contact_at,
        a.by_current_text,
        a.answer_limit,
        CASE
            WHEN a.by_current_text THEN a.received_at + $contact_hours * INTERVAL 1 HOUR
            ELSE o.day
        END AS contact_due_at,
        n.day AS answer_late_on
    FROM asked AS a
    LEFT JOIN working_day AS o ON o.is_working_day AND o.working_day_no = a.received_no + $old_contact_working_days + 1
    LEFT JOIN working_day AS n ON n.is_working_day AND n.working_day_no = a.received_no + a.answer_limit + 1
),

judged AS (
    SELECT
        complaint_no,
        org_no,
        customer_no,
        kind,
        received_at,
        contacted_at,
        answered_at,
        contact_due_at,
        answer_limit,
        answer_late_on,
        -- Nobody can call back a person who left no number.
        customer_no IS NOT NULL
        AND contact_due_at >= $month AND contact_due_at < $month_end AND contact_due_at < $as_of
        AND (
            first_contact_at IS NULL
            OR first_contact_at > contact_due_at
            OR (NOT by_current_text AND first_contact_at = contact_due_at)
        ) AS contact_late,
        answer_late_on >= $month AND answer_late_on < $month_end AND answer_late_on < $as_of
        AND (answered_at IS NULL OR CAST(answered_at AS DATE) >= answer_late_on) AS answer_late
    FROM timed
)

SELECT
    complaint_no AS subject_id,
    org_no,
    customer_no,
    substr(CONCAT(
        CASE WHEN COALESCE(contact_late, FALSE) THEN '、联系超时' ELSE '' END,
        CASE WHEN COALESCE(answer_late, FALSE) THEN '、答复超时' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN COALESCE(contact_late, FALSE) THEN ', contacted too late' ELSE '' END,
        CASE WHEN COALESCE(answer_late, FALSE) THEN ', answered too late' ELSE '' END
    ), 3) AS reasons_en,
    kind AS complaint_kind,
    received_at,
    contacted_at,
    contact_due_at,
    answered_at,
    answer_limit AS answer_limit_working_days,
    answer_late_on,
    workdays(received_at, COALESCE(CAST(answered_at AS DATE), CAST($as_of - INTERVAL 1 DAY AS DATE))) AS answer_working_days
FROM judged
WHERE COALESCE(contact_late, FALSE) OR COALESCE(answer_late, FALSE)
