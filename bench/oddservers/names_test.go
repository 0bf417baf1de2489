package main

import (
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// ask packs a question and returns the reply.
func ask(t *testing.T, name string, qtype dnsmessage.Type) dnsmessage.Message {
	t.Helper()
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: qtype, Class: dnsmessage.ClassINET}},
	}
	packed, err := question.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if packed, err = replyTo(packed); err != nil {
		t.Fatal(err)
	}
	var reply dnsmessage.Message
	if err := reply.Unpack(packed); err != nil {
		t.Fatal(err)
	}
	if reply.ID != 7 || !reply.Response || len(reply.Questions) != 1 || reply.Questions[0] != question.Questions[0] {
		t.Errorf("%s: not its reply: %v", name, reply)
	}
	return reply
}

// Each zone is odd in one way only.
func TestAnswer(t *testing.T) {
	for _, test := range []struct {
		zone    string
		host    bool // asked for the address of the Policy Host, else for the record
		rcode   dnsmessage.RCode
		answers int
		section string // types of the authority section
	}{
		{zone: "good-odd.com.", answers: 1},
		{zone: "good-odd.com.", host: true, answers: 1},
		{zone: "nodata-bare.com."},
		{zone: "nxdomain-bare.com.", rcode: dnsmessage.RCodeNameError},
		{zone: "nodata-soa.com.", section: "TypeSOA"},
		{zone: "foreign-soa.com.", section: "TypeSOA"},
		{zone: "host-bare.com.", answers: 1},
		{zone: "host-bare.com.", host: true},
		{zone: "twice.com.", answers: 2},
		{zone: "twice.com.", host: true, section: "TypeSOA"},
		{zone: "referral.com.", section: "TypeNS"},
		{zone: "notimp.com.", rcode: dnsmessage.RCodeNotImplemented},
		{zone: "refused.com.", rcode: dnsmessage.RCodeRefused},
		{zone: "servfail.com.", rcode: dnsmessage.RCodeServerFailure},
	} {
		name, qtype := "_mta-sts."+test.zone, dnsmessage.TypeTXT
		if test.host {
			name, qtype = "mta-sts."+test.zone, dnsmessage.TypeA
		}
		reply := ask(t, strings.ToUpper(name), qtype)
		var section []string
		for _, record := range reply.Authorities {
			section = append(section, record.Header.Type.String())
		}
		if reply.RCode != test.rcode || len(reply.Answers) != test.answers || strings.Join(section, " ") != test.section {
			t.Errorf("%s: %v", name, reply)
		}
		if soa := ask(t, test.zone, dnsmessage.TypeSOA); len(soa.Answers) != 1 {
			t.Errorf("%s has no SOA: %v", test.zone, soa)
		}
	}
}
