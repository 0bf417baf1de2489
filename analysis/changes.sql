-- What changed from each run to the next?
--
-- Numerator: domains by kind of change; a domain can have several. regression marks
-- those that take protection away or that senders cannot see.
-- Denominator: domains in the lists of the later run and of one before that publish a
-- record in the later run, or did in one before, less those of which it is not known
-- whether they changed so: their record, or for changes of the policy their policy, or
-- for those of hosts these, are unknown.
-- Caveat: what got no answer is no change: each night is compared with what was
-- last known before, in what both asked (history.sql says how). To give up a record is
-- a regression only if its policy was enforced. Domains that are not in both lists are
-- left out. A run that is not complete is refused as the earlier one.
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
    WHERE listed_before AND (present OR was.present)
    GROUP BY night
), counted AS (
    SELECT night, date, kind, about, regression, count(*) AS domains
    FROM changed JOIN kinds USING (kind)
    GROUP BY ALL
)
SELECT
    night,
    date,
    kind,
    regression,
    domains,
    CASE about WHEN 'record' THEN records_known WHEN 'hosts' THEN hosts_known ELSE policies_known END AS known,
    CASE about WHEN 'record' THEN records_unknown WHEN 'hosts' THEN hosts_unknown ELSE policies_unknown END AS unknown,
    share_of(domains, known) AS share
FROM counted JOIN publishing USING (night)
ORDER BY night, regression DESC, domains DESC, kind;
