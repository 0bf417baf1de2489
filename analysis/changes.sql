-- What changed from each run to the next?
--
-- Numerator: domains by kind of change; a domain can have several. regression marks
-- those that take protection away or that senders cannot see.
-- Denominator: domains that publish a record in the later run, or did in one before
-- and are in its list, less those of which it is not known whether they changed so: their record, or for
-- changes of the policy their policy, or for those of hosts these, are unknown.
-- Caveat: what got no answer is no change: each night is compared with what was
-- last known before. Domains that are not in both lists are left out. A run that is not
-- complete is refused as the earlier one.
WITH publishing AS (
    SELECT
        night,
        count(*) FILTER (record <> 'unknown') AS records_known,
        count(*) FILTER (record = 'unknown') AS records_unknown,
        count(*) FILTER (record <> 'unknown' AND NOT (record = 'valid' AND judged_policy IN ('unknown', 'not_fetched'))) AS policies_known,
        count(*) - policies_known AS policies_unknown,
        policies_known - count(*) FILTER (record = 'valid' AND judged_policy = 'valid' AND mx_match = 'unknown') AS hosts_known,
        count(*) - hosts_known AS hosts_unknown
    FROM compared
    WHERE present OR was.present
    GROUP BY night
), kinds AS (
    SELECT
        night,
        kind,
        regression,
        count(*) AS domains,
        CASE
            WHEN kind IN ('adopted', 'record broken', 'record mended') OR kind LIKE 'abandoned %' THEN 'record'
            WHEN kind LIKE 'MX %' OR kind = 'mail would be refused' THEN 'hosts'
            ELSE 'policy'
        END AS about
    FROM changed
    GROUP BY night, kind, regression
)
SELECT
    night,
    kind,
    regression,
    domains,
    CASE about WHEN 'record' THEN records_known WHEN 'hosts' THEN hosts_known ELSE policies_known END AS known,
    CASE about WHEN 'record' THEN records_unknown WHEN 'hosts' THEN hosts_unknown ELSE policies_unknown END AS unknown,
    share_of(domains, known) AS share
FROM kinds JOIN publishing USING (night)
ORDER BY night, regression DESC, domains DESC, kind;
