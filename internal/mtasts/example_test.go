package mtasts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

func ExampleParseRecord() {
	record, err := mtasts.ParseRecord("v=STSv1; id=20260101000000; x=1;")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("id:", record.ID)
	fmt.Println("extensions:", record.Extensions)
	fmt.Println("published as:", record)

	_, err = mtasts.ParseRecord("v=STSv1; id=2026-01-01;")
	fmt.Println(err)
	// Output:
	// id: 20260101000000
	// extensions: [{x 1}]
	// published as: v=STSv1; id=20260101000000; x=1;
	// mtasts: record syntax: id_invalid: the id "2026-01-01" is not of letters and digits
}

// Of several TXT records, those of other kinds are discarded before any is counted.
func ExampleReadRecords() {
	reading := mtasts.ReadRecords([]string{"v=spf1 -all", "v=STSv1; id=1 "})
	fmt.Println("by the letter:", reading.Class, reading.Reason)
	fmt.Println("most senders use it:", reading.Lenient)
	fmt.Println("findings:", reading.Findings)
	// Output:
	// by the letter: invalid id_invalid
	// most senders use it: true
	// findings: [record_trailing_space record_other_txt]
}

const policy = "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: *.example.net\nmax_age: 604800\n"

func ExampleParsePolicy() {
	p, err := mtasts.ParsePolicy([]byte(policy))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Mode, p.MX, p.MaxAge)

	_, err = mtasts.ParsePolicy([]byte("version: STSv1\nmode: on\nmx: mx1.example.com\nmax_age: 604800\n"))
	fmt.Println(err)
	// Output:
	// enforce [mx1.example.com *.example.net] 604800
	// mtasts: policy syntax: line 2: mode_invalid: the mode is "on"
}

// A star stands for exactly one label.
func ExamplePolicy_Match() {
	p, err := mtasts.ParsePolicy([]byte(policy))
	if err != nil {
		log.Fatal(err)
	}
	for _, host := range []string{"mx1.example.com", "a.example.net", "a.b.example.net", "example.net"} {
		fmt.Println(host, p.Match(host))
	}
	// Output:
	// mx1.example.com true
	// a.example.net true
	// a.b.example.net false
	// example.net false
}

// A zone has TXT records by name. It is an Exchanger in memory: one over the network sends q to a full resolver.
type zone map[string][]string

func (z zone) Exchange(_ context.Context, q *dns.Msg) (*dns.Msg, error) {
	reply := new(dns.Msg).SetReply(q)
	name := q.Question[0].Name
	texts, ok := z[name]
	if !ok {
		reply.Rcode = dns.RcodeNameError
		_, apex, _ := strings.Cut(name, ".")
		reply.Ns = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: apex, Rrtype: dns.TypeSOA, Class: dns.ClassINET}}}
	}
	for _, text := range texts {
		header := dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 300}
		reply.Answer = append(reply.Answer, &dns.TXT{Hdr: header, Txt: []string{text}})
	}
	return reply, nil
}

func ExampleLookupRecord() {
	resolver := zone{"_mta-sts.example.com.": {"v=STSv1; id=20260101000000;"}}

	lookup, err := mtasts.LookupRecord(context.Background(), resolver, "example.com")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(lookup.Class, lookup.Record.ID, lookup.TTL)
	fmt.Printf("%q\n", lookup.TXT)

	lookup, err = mtasts.LookupRecord(context.Background(), resolver, "www.example.com")
	fmt.Println(lookup.Class, lookup.Reason)
	fmt.Println(err)
	// Output:
	// valid 20260101000000 300
	// ["v=STSv1; id=20260101000000;"]
	// absent nxdomain
	// mtasts: no record: nxdomain
}

// A policyHost serves one text. It is an http.RoundTripper in memory; an http.Transport is one over the network.
type policyHost struct {
	status int
	text   string
}

func (h policyHost) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: h.status, Header: http.Header{"Content-Type": {"text/plain"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(h.text)), ContentLength: int64(len(h.text)),
	}, nil
}

func ExampleFetchPolicy() {
	fetch, err := mtasts.FetchPolicy(context.Background(), policyHost{200, policy}, "example.com")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mtasts.PolicyURL("example.com"))
	fmt.Println(fetch.Class, fetch.Policy.Mode, fetch.Policy.MX)

	// Redirects are not followed.
	fetch, err = mtasts.FetchPolicy(context.Background(), policyHost{301, ""}, "example.com")
	fmt.Println(fetch.Class, fetch.Stage, fetch.Reason)
	fmt.Println(err)
	// Output:
	// https://mta-sts.example.com/.well-known/mta-sts.txt
	// valid enforce [mx1.example.com *.example.net]
	// unreachable http redirect
	// mtasts: policy fetch: http: redirect: status 301
}

// Each error wraps exactly one sentinel, and the fields of Lookup and Fetch have the reason.
func ExampleGet() {
	resolver := zone{
		"_mta-sts.example.com.": {"v=STSv1; id=1;"},
		"_mta-sts.example.net.": {"v=STSv1; id=1;", "v=STSv1; id=2;"},
	}
	for domain, host := range map[string]policyHost{
		"example.com": {404, "not here"}, "example.net": {200, policy}, "example.org": {200, policy},
	} {
		lookup, fetch, err := mtasts.Get(context.Background(), resolver, host, domain)
		switch {
		case errors.Is(err, mtasts.ErrNoRecord):
			fmt.Printf("%s has no MTA-STS: %s\n", domain, lookup.Reason)
		case errors.Is(err, mtasts.ErrMultipleRecords):
			fmt.Printf("%s has %d records, which count as none\n", domain, lookup.TXTCount)
		case errors.Is(err, mtasts.ErrDNS) && lookup.Class == codes.RecordUnknown:
			fmt.Printf("%s: ask again later\n", domain)
		case errors.Is(err, mtasts.ErrNoPolicy):
			fmt.Printf("%s has a record and no policy: %s %s\n", domain, fetch.Stage, fetch.Reason)
		case err != nil:
			fmt.Printf("%s: %v\n", domain, err)
		default:
			fmt.Printf("%s has a policy of mode %s\n", domain, fetch.Policy.Mode)
		}
	}
	// Unordered output:
	// example.com has a record and no policy: http not_found
	// example.net has 2 records, which count as none
	// example.org has no MTA-STS: nxdomain
}
