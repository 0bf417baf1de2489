-- How often must a domain be asked, and does it help?
--
-- Numerator: domains by pass and by the DNS messages that their record took; of
-- these, those that remained unknown.
-- Denominator: all domains (share); the domains of the line (still_unknown_share).
-- Caveat: messages count aliases that were followed and repetitions over TCP, not
-- only repetitions after silence.
SELECT
    pass,
    least(attempts, 10) AS messages,
    count(*) AS domains,
    sum(count(*)) OVER () AS n,
    count(*) / sum(count(*)) OVER () AS share,
    count(*) FILTER (record = 'unknown') AS still_unknown,
    still_unknown / domains AS still_unknown_share,
    count(*) FILTER (tcp) AS over_tcp
FROM rows
GROUP BY pass, messages
ORDER BY pass, messages;
