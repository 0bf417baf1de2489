package main

import (
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// serveNames serves zones below com.
func serveNames(addr string, failed chan<- error) error {
	return serveDNS(addr, func(_ string, question []byte) ([]byte, error) { return replyTo(question) }, failed)
}

// replyTo returns the packed reply to a packed question.
func replyTo(packed []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(packed)
	if err != nil {
		return nil, err
	}
	question, err := parser.Question()
	if err != nil {
		return nil, err
	}
	reply := answer(question)
	reply.ID, reply.Response, reply.RecursionDesired = header.ID, true, header.RecursionDesired
	reply.Questions = []dnsmessage.Question{question}
	return reply.Pack()
}

// answer returns a reply without id and question. The label before com says what is odd about the zone.
func answer(question dnsmessage.Question) dnsmessage.Message {
	name := strings.ToLower(question.Name.String())
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	var reply dnsmessage.Message
	reply.Authoritative = true
	if len(labels) < 2 {
		reply.RCode = dnsmessage.RCodeRefused
		return reply
	}
	odd := labels[len(labels)-2]
	zone := odd + ".com."
	soa := records(zone, authority())
	record := records(name, &dnsmessage.TXTResource{TXT: []string{"v=STSv1; id=1;"}})
	isRecord := name == "_mta-sts."+zone && question.Type == dnsmessage.TypeTXT
	isHost := name == "mta-sts."+zone && question.Type == dnsmessage.TypeA
	switch {
	case name == zone && question.Type == dnsmessage.TypeSOA:
		reply.Answers = soa
	case name == zone && question.Type == dnsmessage.TypeNS:
		reply.Answers = records(zone, &dnsmessage.NSResource{NS: dnsmessage.MustNewName("ns." + zone)})
	case name == zone && question.Type == dnsmessage.TypeMX:
		reply.Answers = records(zone, &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName("mx.example.net.")})
	case odd == "nodata-bare": // type 3 of RFC 2308, section 2.2
	case odd == "nxdomain-bare": // without an SOA too, section 2.1.1
		reply.RCode = dnsmessage.RCodeNameError
	case odd == "referral": // upwards
		reply.Authoritative = false
		reply.Authorities = records("com.", &dnsmessage.NSResource{NS: dnsmessage.MustNewName("ns.com.")})
	case odd == "foreign-soa":
		reply.Authorities = records("example.org.", authority())
	case odd == "notimp":
		reply.RCode = dnsmessage.RCodeNotImplemented
	case odd == "refused":
		reply.RCode = dnsmessage.RCodeRefused
	case odd == "servfail":
		reply.RCode = dnsmessage.RCodeServerFailure
	case odd == "twice" && isRecord:
		reply.Answers = append(record, record...)
	case odd == "host-bare" && isRecord, odd == "good-odd" && isRecord:
		reply.Answers = record
	case odd == "host-bare": // type 3 for the addresses
	case odd == "good-odd" && isHost:
		reply.Answers = records(name, &dnsmessage.AResource{A: [4]byte{22, 1, 0, 1}})
	default:
		reply.Authorities = soa
	}
	return reply
}

// records returns a section of one record.
func records(owner string, body dnsmessage.ResourceBody) []dnsmessage.Resource {
	header := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(owner), Class: dnsmessage.ClassINET, TTL: 300}
	return []dnsmessage.Resource{{Header: header, Body: body}}
}

func authority() *dnsmessage.SOAResource {
	return &dnsmessage.SOAResource{
		NS: dnsmessage.MustNewName("ns."), MBox: dnsmessage.MustNewName("hostmaster."),
		Serial: 1, Refresh: 7200, Retry: 3600, Expire: 1209600, MinTTL: 60,
	}
}
