package output

import "strings"

// section is the section of an RFC that says what a column is about; those of RFC 8461 go without its
// number. It is empty for what the survey itself says: where a domain stands in a list, how long things
// took, what was kept as a help.
func section(column string) string {
	for _, s := range []struct{ section, columns string }{
		{"2", "domain"},
		{"3.1", "record record_reason txt txt_count record_id extensions first_record first_record_reason"},
		{"3.2", "policy_text mode max_age mx_patterns policy_extensions body_bytes content_type"},
		{"3.3", "host_addrs host_addrs_count policy policy_stage policy_reason http_status http_location tls_error cert_names cert_names_count cert_not_before cert_not_after first_policy first_policy_stage first_policy_reason"},
		{"4.1", "mx_match mx_unused mismatch mx.matched"},
		{"4.2", "mx_tls mx.tls_error mx.cert_not_after"},
		{"5", "verdict verdict_basis"},
		{"8.2", "cnames host_cnames delegation record_delegated_to host_delegated_to provider"},
		{"3.1, 3.2", "strict lenient"},
		{"RFC 1034, 4.3.3", "wildcard_suspected"},
		{"RFC 2308, 2", "zone"},
		{"RFC 1035, 4.1", "ttl rcode"},
		{"RFC 4035, 3.2.3", "authenticated mx_authenticated"},
		{"RFC 8914, 2", "ede"},
		{"RFC 7766, 5", "tcp"},
		{"RFC 8446, 4.1", "tls_version tls_cipher mx.tls_version"},
		{"RFC 8446, 4.2.7", "tls_group"},
		{"RFC 8446, 6", "tls_alert"},
		{"RFC 8446, 4.4.2", "chain_length"},
		{"RFC 5280, 4.1", "cert_issuer"},
		{"RFC 9110, 8.4", "content_encoding"},
		{"RFC 9110, 10.2.4", "server"},
		{"RFC 9112, 6.3", "body_framing"},
		{"RFC 5321, 5.1", "mx_kind mx_reason mx mx_count mx.host mx.preference"},
		{"RFC 5321, 4.2", "mx.reply_code"},
		{"RFC 3207, 4", "mx.starttls mx.first_starttls"},
		{"RFC 8460, 3", "tlsrpt tlsrpt_reason tlsrpt_txt tlsrpt_txt_count tlsrpt_cnames rua rua_kinds rua_domains"},
		{"RFC 8460, 4.3", "tlsrpt_result"},
		{"RFC 7672, 2.2", "dane mx.tlsa"},
		{"RFC 6698, 2.1", "tlsa_records"},
	} {
		for name := range strings.FieldsSeq(s.columns) {
			if name == column {
				return s.section
			}
		}
	}
	return ""
}
