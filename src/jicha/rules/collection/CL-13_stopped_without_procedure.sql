-- Supply stopped for arrears without a notice (停电通知) or too soon after it (停电未按程序). A notice is spent when the customer has paid, or
-- when the supply was restored, before the stop.
WITH stop AS (
    SELECT
        d.dunning_id,
        d.customer_no,
        d.bill_id,
        d.at AS stopped_at,
        d.operator_id,
        c.org_no,
        c.kind,
        c.importance,
        CASE WHEN c.kind = 'lv_res' THEN $residential_days ELSE $other_days END AS limit_days
    FROM dunning AS d
    INNER JOIN customer AS c ON c.customer_no = d.customer_no
    WHERE d.step = 'stopped' AND d.at >= $month AND d.at < LEAST($month_end, $as_of)
),

spent AS (
    SELECT s.dunning_id, max(d.at) AS spent_at
    FROM stop AS s
    INNER JOIN dunning AS d ON d.customer_no = s.customer_no
    WHERE
        d.at < s.stopped_at
        AND (d.step = 'restored' OR (d.step = 'paid' AND (d.bill_id IS NULL OR s.bill_id IS NULL OR d.bill_id = s.bill_id)))
    GROUP BY s.dunning_id
),

notice AS (
    SELECT s.dunning_id, min(d.at) AS notified_at
    FROM stop AS s
    LEFT JOIN spent AS p ON p.dunning_id = s.dunning_id
    INNER JOIN dunning AS d ON d.customer_no = s.customer_no
    WHERE
        d.step = 'stop_notice'
        AND d.at <= s.stopped_at
        AND d.at >= CAST(s.stopped_at - $notice_valid_days * INTERVAL 1 DAY AS TIMESTAMP)
        AND (p.spent_at IS NULL OR d.at > p.spent_at)
    GROUP BY s.dunning_id
)

SELECT
    s.dunning_id AS subject_id,
    s.org_no,
    s.customer_no,
    $month AS bill_month,
    s.kind AS customer_kind,
    s.importance,
    s.bill_id,
    n.notified_at,
    s.stopped_at,
    date_diff('day', CAST(n.notified_at AS DATE), CAST(s.stopped_at AS DATE)) AS notice_days,
    s.limit_days,
    CASE WHEN n.notified_at IS NULL THEN '无停电通知' ELSE '通知不足规定天数' END AS reasons,
    CASE WHEN n.notified_at IS NULL THEN 'no notice' ELSE 'notice too short' END AS reasons_en,
    s.operator_id
FROM stop AS s
LEFT JOIN notice AS n ON n.dunning_id = s.dunning_id
WHERE
    n.notified_at IS NULL
    OR date_diff('day', CAST(n.notified_at AS DATE), CAST(s.stopped_at AS DATE)) < s.limit_days
