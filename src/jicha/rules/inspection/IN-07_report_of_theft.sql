-- Reports of theft (举报窃电) that were not answered in time, or whose reward (举报奖励) was not paid in time after they proved right. The day on
-- which a limit ran out decides the audited month.
WITH report AS (
    SELECT
        c.complaint_no,
        c.org_no,
        c.customer_no,
        c.received_at,
        CASE WHEN c.answered_at < $as_of THEN c.answered_at END AS answered_at,
        c.upheld,
        c.reward_due_yuan,
        CASE WHEN c.reward_paid_at < $as_of THEN c.reward_paid_at END AS reward_paid_at,
        w.working_day_no
    FROM complaint AS c
    LEFT JOIN working_day AS w ON w.day = CAST(c.received_at AS DATE)
    WHERE c.kind IN ($kinds) AND c.received_at < LEAST($month_end, $as_of)
),

timed AS (
    SELECT
        r.*,
        n.day AS answer_late_on,
        CASE
            WHEN r.reward_due_yuan > 0 AND COALESCE(r.upheld, TRUE)
                THEN CAST(CAST(r.answered_at AS DATE) + ($reward_days + 1) * INTERVAL 1 DAY AS DATE)
        END AS reward_late_on
    FROM report AS r
    LEFT JOIN working_day AS n ON n.is_working_day AND n.working_day_no = r.working_day_no + $answer_working_days + 1
),

judged AS (
    SELECT
        *,
        COALESCE(
            answer_late_on >= $month AND answer_late_on < $month_end AND answer_late_on < $as_of
            AND (answered_at IS NULL OR CAST(answered_at AS DATE) >= answer_late_on),
            FALSE
        ) AS is_answer_late,
        COALESCE(
            reward_late_on >= $month AND reward_late_on < $month_end AND reward_late_on < $as_of
            AND (reward_paid_at IS NULL OR CAST(reward_paid_at AS DATE) >= reward_late_on),
            FALSE
        ) AS is_reward_late
    FROM timed
)

SELECT
    j.complaint_no AS subject_id,
    j.org_no,
    j.customer_no,
    $month AS bill_month,
    CASE WHEN j.is_reward_late THEN j.reward_due_yuan END AS yuan_at_stake,
    substr(CONCAT(
        CASE WHEN j.is_answer_late THEN '、举报答复超期' ELSE '' END,
        CASE WHEN j.is_reward_late THEN '、奖励未按期兑现' ELSE '' END
    ), 2) AS reasons,
    substr(CONCAT(
        CASE WHEN j.is_answer_late THEN ', answered too late' ELSE '' END,
        CASE WHEN j.is_reward_late THEN ', reward not paid in time' ELSE '' END
    ), 3) AS reasons_en,
    j.received_at,
    j.answered_at,
    j.answer_late_on,
    j.upheld,
    j.reward_due_yuan,
    j.reward_paid_at,
    j.reward_late_on
FROM judged AS j
WHERE j.is_answer_late OR j.is_reward_late
