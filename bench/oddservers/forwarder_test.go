package main

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A denial loses its SOA and nothing else.
func TestStrip(t *testing.T) {
	name := dnsmessage.MustNewName("_mta-sts.nodata-soa.com.")
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET}},
	}
	packed, err := question.Pack()
	if err != nil {
		t.Fatal(err)
	}
	packed, err = replyTo(packed)
	if err != nil {
		t.Fatal(err)
	}
	stripped, err := strip(packed)
	if err != nil {
		t.Fatal(err)
	}
	var before, after dnsmessage.Message
	if err := before.Unpack(packed); err != nil {
		t.Fatal(err)
	}
	if err := after.Unpack(stripped); err != nil {
		t.Fatal(err)
	}
	if len(before.Authorities) != 1 || len(after.Authorities) != 0 {
		t.Errorf("%d records before, %d after", len(before.Authorities), len(after.Authorities))
	}
	if before.Header != after.Header || len(after.Questions) != 1 || after.Questions[0] != before.Questions[0] {
		t.Errorf("%v became %v", before, after)
	}
}
