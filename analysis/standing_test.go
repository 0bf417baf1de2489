package main

import "fmt"

// standing adds domains to which nothing happens, and with which everything can be
// wrong: one or more of each kind that the questions tell apart.
func standing(w world) {
	none := func(name string) { w.add(site{domain: name}) }
	none("no-record.com")
	none("no-record.org")
	none("no-record.co.uk")
	w.add(site{domain: "other-text.com", record: "v=spf1 -all"}, site{domain: "bad-version.com", record: "v=STSv2; id=1;"})

	records := map[string]string{
		"id-missing.com": "v=STSv1;", "id-invalid.com": "v=STSv1; id=a-b;", "id-too-long.net": "v=STSv1; id=123456789012345678901234567890123;",
		"malformed.net": "v=STSv1; id=1; what", "multiple.org": "v=STSv1; id=1;\nv=STSv1; id=2;",
	}
	for domain, record := range records {
		w.add(site{domain: domain, record: record})
	}
	fault := func(domain string, faults ...string) {
		s := good(domain, "1")
		s.faults = faults
		w.add(s)
	}
	fault("servfail.com", "dns servfail")
	fault("refused.com", "dns refused")
	fault("referral.org", "dns referral")
	fault("filtered.org", "dns filtered ede 15")

	noHost, dangling, loopback := good("no-host.com", "1"), good("dangling.com", "1"), good("loopback.com", "1")
	noHost.policy, noHost.addrs = "", []string{"none"}
	dangling.policy, dangling.host, dangling.addrs = "", "gone.provider.net", []string{"none"}
	loopback.addrs = []string{"127.0.0.1"}
	w.add(noHost, dangling, loopback)
	fault("tcp-refused.com", "tcp refuse")
	for i, kind := range []string{
		"wrong-name", "wrong-name", "expired", "not-yet-valid", "self-signed", "unknown-authority", "incomplete-chain", "no-cert-for-name", "handshake-failure", "old-version", "plain-http",
	} {
		fault(fmt.Sprintf("tls-%02d.com", i), "tls "+kind)
	}
	for _, status := range []int{404, 403, 410, 500, 503, 204} {
		fault(fmt.Sprintf("status-%d.net", status), fmt.Sprintf("http %d", status))
	}
	fault("redirect-www.net", "http 301 Location: https://www.redirect-www.net/")
	fault("redirect-same.net", "http 302 Location: /policy")
	fault("redirect-away.net", "http 302 Location: https://elsewhere.example/")
	fault("html-type.net", "header Content-Type: text/html; charset=utf-8")
	fault("no-type.net", "header Content-Type:")
	fault("apache.net", "header Server: Apache/2.4 (Debian)")
	fault("truncated.net", "body short")
	fault("gzip.net", "body gzip")
	fault("long.net", "body size 70000")
	fault("full.net", "body size 65536")
	fault("crlf.net", "body crlf")
	fault("chunked.net", "body chunked")

	policies := map[string]string{
		"empty.org": " ", "html.org": "<!DOCTYPE html>\n<html></html>", "blank-line.org": "version: STSv1\n\nmode: testing\nmx: mail.blank-line.org\nmax_age: 86400\n",
		"no-mode.org": "version: STSv1\nmx: mail.no-mode.org\nmax_age: 86400\n", "no-age.org": "version: STSv1\nmode: testing\nmx: mail.no-age.org\n",
		"bad-age.org": "version: STSv1\nmode: testing\nmx: mail.bad-age.org\nmax_age: 6e5\n", "dot.org": "version: STSv1\nmode: testing\nmx: mail.dot.org.\nmax_age: 86400\n",
		"no-mx.org": "version: STSv1\nmode: enforce\nmax_age: 86400\n",
	}
	for domain, text := range policies {
		s := good(domain, "1")
		s.policy = text
		w.add(s)
	}
	for i, mode := range []string{"testing", "testing", "none", "enforce"} {
		domain := fmt.Sprintf("mode-%d.se", i)
		s := good(domain, "1")
		s.policy = policyText(mode, 86400*(i+1), "mail."+domain)
		w.add(s)
	}
	six, both := good("six.de", "1"), good("both.de", "1")
	six.addrs, both.addrs = []string{"3ffe:5753:1::1"}, []string{"22.1.210.1", "3ffe:5753:1::2"}
	w.add(six, both)
	for i := range 60 { // a third party, by alias of both names
		domain := fmt.Sprintf("hosted-%02d.de", i)
		s := good(domain, "1")
		s.alias = fmt.Sprintf("hosted-%02d-de._txt.hosting.co.uk", i)
		s.host, s.addrs = fmt.Sprintf("hosted-%02d-de.sts.hosting.co.uk", i), []string{"22.1.211.1"}
		if i%10 == 0 {
			s.policy = "" // no longer a customer
		}
		w.add(s)
	}
	for i := range 8 { // operators of a size between, by address
		s := good(fmt.Sprintf("group-%d.de", i), "1")
		s.addrs = []string{"22.1.212.1"}
		w.add(s)
	}
}
