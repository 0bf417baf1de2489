package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// maxEvidence is how many domains the page shows the evidence of: those that it names first.
const maxEvidence = 400

// maxEvidenceText is how much of a policy the page shows, in characters.
const maxEvidenceText = 2000

// Evidence is what was seen of a domain, as far as it decides: the columns of its row.
type Evidence struct {
	Domain       string     `json:"domain"`
	Observed     string     `json:"observed_at"`
	Record       string     `json:"record"`
	RecordReason string     `json:"record_reason"`
	TXT          []string   `json:"txt"`
	CNAMEs       []string   `json:"cnames"`
	Zone         string     `json:"zone"`
	HostCNAMEs   []string   `json:"host_cnames"`
	HostAddrs    []string   `json:"host_addrs"`
	Addr         string     `json:"addr"`
	TLSVersion   string     `json:"tls_version"`
	CertNames    []string   `json:"cert_names"`
	CertIssuer   string     `json:"cert_issuer"`
	CertEnds     string     `json:"cert_not_after"`
	HTTPStatus   *int       `json:"http_status"`
	HTTPLocation string     `json:"http_location"`
	ContentType  string     `json:"content_type"`
	Policy       string     `json:"policy"`
	PolicyStage  string     `json:"policy_stage"`
	PolicyReason string     `json:"policy_reason"`
	PolicyText   string     `json:"policy_text"`
	MX           []SeenHost `json:"mx"`
	MXMatch      string     `json:"mx_match"`
	Verdict      string     `json:"verdict"`
	Findings     []string   `json:"findings"`
}

// A SeenHost is a host that receives the mail of a domain.
type SeenHost struct {
	Host     string `json:"host"`
	Matched  *bool  `json:"matched"`
	STARTTLS string `json:"starttls"`
	TLSError string `json:"tls_error"`
}

// evidenceQuery reads the rows of the domains in the variable listed.
const evidenceQuery = `
SELECT to_json({
	domain: domain, observed_at: strftime(observed_at, '%Y-%m-%d %H:%M:%S UTC'), record: record, record_reason: record_reason,
	txt: list_transform(txt, lambda t: decode(t, 'replace')), cnames: cnames, zone: zone, host_cnames: host_cnames,
	host_addrs: host_addrs, addr: addr, tls_version: tls_version, cert_names: cert_names, cert_issuer: cert_issuer,
	cert_not_after: strftime(cert_not_after, '%Y-%m-%d %H:%M UTC'), http_status: http_status, http_location: http_location,
	content_type: content_type, policy: policy, policy_stage: policy_stage, policy_reason: policy_reason,
	policy_text: decode(policy_text, 'replace'), mx: mx, mx_match: mx_match, verdict: verdict, findings: findings
})::VARCHAR
FROM rows
WHERE domain IN (SELECT unnest(getvariable('listed')))`

// evidence reads what was seen of the domains that the answers name, the first maxEvidence of them; named is how many
// there are.
func (s *Store) evidence(ctx context.Context, tables []*Table) (seen []Evidence, named int, err error) {
	var quoted []string
	listed := make(map[string]int)
	for _, t := range tables {
		column := t.Column("domain")
		for i := 0; column >= 0 && i < min(len(t.Rows), maxTableRows); i++ {
			domain, _ := t.Rows[i][column].(string)
			if _, again := listed[domain]; again || domain == "" {
				continue
			}
			listed[domain] = len(listed)
			if len(quoted) < maxEvidence {
				quoted = append(quoted, quote(domain))
			}
		}
	}
	if len(quoted) == 0 {
		return nil, 0, nil
	}
	if _, err := s.db.ExecContext(ctx, "SET VARIABLE listed = ["+strings.Join(quoted, ", ")+"]"); err != nil {
		return nil, 0, fmt.Errorf("evidence: %w", err)
	}
	rows, err := s.db.QueryContext(ctx, evidenceQuery)
	if err != nil {
		return nil, 0, fmt.Errorf("evidence: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		var e Evidence
		if err := rows.Scan(&text); err != nil {
			return nil, 0, fmt.Errorf("evidence: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return nil, 0, fmt.Errorf("evidence: %w", err)
		}
		seen = append(seen, e)
	}
	slices.SortFunc(seen, func(a, b Evidence) int { return cmp.Compare(listed[a.Domain], listed[b.Domain]) })
	return seen, len(listed), rows.Err()
}

// facts are the evidence in words, without what was not seen.
func (e Evidence) facts() []fact {
	var facts []fact
	add := func(label string, values ...string) {
		var lines []string
		for _, value := range values {
			for line := range strings.SplitSeq(strings.TrimRight(value, "\n"), "\n") {
				lines = append(lines, printable(line))
			}
		}
		if text := strings.Join(lines, "\n"); text != "" {
			facts = append(facts, fact{label, text})
		}
	}
	add("record", because(e.Record, "", e.RecordReason))
	add("TXT at _mta-sts."+e.Domain, e.TXT...)
	add("alias of", e.CNAMEs...)
	add("denied by the zone", e.Zone)
	add("mta-sts."+e.Domain+" is an alias of", e.HostCNAMEs...)
	add("addresses", strings.Join(e.HostAddrs, ", "))
	add("connected to", e.Addr)
	add("TLS version", e.TLSVersion)
	add("certificate for", strings.Join(e.CertNames, ", "))
	add("issued by", e.CertIssuer)
	add("certificate ends", e.CertEnds)
	if e.HTTPStatus != nil {
		add("HTTP status", strings.TrimSpace(fmt.Sprint(*e.HTTPStatus)+" "+e.HTTPLocation))
	}
	add("media type", e.ContentType)
	add("policy", because(e.Policy, e.PolicyStage, e.PolicyReason))
	add("text of the policy", shorten(e.PolicyText, maxEvidenceText))
	for _, h := range e.MX {
		add("MX host", h.words())
	}
	add("MX hosts covered", e.MXMatch)
	add("verdict", e.Verdict)
	add("findings", strings.Join(e.Findings, ", "))
	add("observed", e.Observed)
	return facts
}

// because is a class, with the stage and the reason where there are any.
func because(class, stage, reason string) string {
	if stage != "" {
		reason = stage + ": " + reason
	}
	if reason != "" {
		return class + " (" + reason + ")"
	}
	return class
}

func (h SeenHost) words() string {
	text := h.Host
	if h.Matched != nil {
		text += map[bool]string{true: ": covered by the policy", false: ": not covered by the policy"}[*h.Matched]
	}
	if h.STARTTLS != "" {
		text += ", STARTTLS: " + because(h.STARTTLS, "", h.TLSError)
	}
	return text
}
