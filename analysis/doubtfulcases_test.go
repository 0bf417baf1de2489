package main

import (
	"fmt"
	"maps"
)

// A facet is one thing that a scan may learn of a domain, or not, whatever else it learns. Its
// columns have the values of one of its cases, or say that it is unknown.
type facet int

const (
	recordFacet facet = iota
	policyFacet       // with the addresses of the Policy Host
	limitFacet        // a policy that a limit of the client may have kept away, though its host is known
	hostsFacet        // that receive mail
	matchFacet        // of the policy's patterns and these hosts
	reportsFacet
	daneFacet
	wildcardFacet
	probeFacet
	facets
)

func (f facet) String() string {
	return [...]string{"record", "policy", "limited policy", "hosts", "match", "reports", "DANE", "wildcard", "probe"}[f]
}

type observed map[string]any

// cases has what a scan can learn of each facet.
func cases() [facets][]observed {
	var c [facets][]observed
	reason := func(class, why string) observed { return observed{"record": class, "record_reason": why} }
	alias := observed{
		"record": "valid", "record_id": "1", "cnames": []string{"x.alias.example"}, "record_delegated_to": "alias.example",
		"provider": "alias",
	}
	c[recordFacet] = []observed{
		{"record": "valid", "record_id": "1"}, alias, {"record": "valid", "record_id": "2"}, reason("invalid", "id_missing"),
		{"record": "multiple"}, reason("absent", "nxdomain"), reason("absent", "nodata"), reason("absent", "no_domain"), reason("absent", "bad_version"),
	}
	failed := func(class, stage, why string, more observed) observed {
		p := observed{"policy": class, "policy_stage": stage, "policy_reason": why, "lenient": false}
		maps.Copy(p, more)
		return p
	}
	tls := observed{
		"tls_version": "1.3", "tls_cipher": "a", "tls_group": "b", "cert_sha256": "c", "cert_issuer": "O=Issuer",
		"cert_names": []string{"a.example"},
	}
	http := func(status int, more observed) observed {
		p := observed{"http_status": status, "server": "nginx/1", "content_type": "text/plain", "http_ms": 3}
		maps.Copy(p, tls)
		maps.Copy(p, more)
		return p
	}
	valid := func(mode string, age int) observed {
		p := http(200, observed{"policy": "valid", "mode": mode, "max_age": age, "lenient": true})
		p["body_bytes"], p["body_framing"] = 100, "chunked"
		p["policy_sha256"], p["cert_not_after"] = fmt.Sprint(mode, age), "2026-11-20 00:00:00Z"
		return p
	}
	read := observed{"body_bytes": 9, "body_framing": "chunked"}
	c[policyFacet] = []observed{
		valid("enforce", 604800), valid("testing", 86400), valid("none", 86400),
		failed("invalid", "syntax", "mode_missing", http(200, read)), failed("invalid", "syntax", "empty", http(200, read)),
		failed("missing", "http", "not_found", http(404, nil)),
		failed("unreachable", "http", "redirect", http(301, observed{"http_location": "/a"})),
		failed("unreachable", "body", "truncated", http(200, read)), failed("unreachable", "tls", "expired", tls),
		failed("unreachable", "tls", "no_cert_for_name", nil), failed("unreachable", "tcp", "refused", nil),
		failed("missing", "dns", "nxdomain", nil), failed("forbidden", "dns", "forbidden_address", nil),
	}
	for _, p := range c[policyFacet] {
		if p["policy_stage"] == "tls" {
			p["tls_error"] = p["policy_reason"]
		}
	}
	c[limitFacet] = c[policyFacet][:9] // those of hosts that were reached
	for _, kind := range []string{"mx", "implicit", "null", "none"} {
		c[hostsFacet] = append(c[hostsFacet], observed{"mx_kind": kind})
	}
	for _, match := range []string{"all", "some", "none"} {
		c[matchFacet] = append(c[matchFacet], observed{"mx_match": match})
	}
	c[reportsFacet] = []observed{
		{"tlsrpt": "valid", "rua_kinds": []string{"mailto"}, "rua_domains": []string{"reports.example"}}, {"tlsrpt": "invalid"}, {"tlsrpt": "multiple"}, {"tlsrpt": "absent"},
	}
	for _, dane := range []string{"all", "some", "none"} {
		c[daneFacet] = append(c[daneFacet], observed{"dane": dane})
	}
	c[wildcardFacet] = []observed{{"wildcard_suspected": true}, {"wildcard_suspected": false}}
	for _, probe := range []string{"ok", "certificate", "not_offered", "no_connection"} {
		c[probeFacet] = append(c[probeFacet], observed{"starttls": probe})
	}
	return c
}
