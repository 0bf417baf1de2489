package resolver

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// Few large replies are parsed at a time, and small ones do not wait for them.
func TestLargeReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Resolver{largeSlots: make(chan struct{}, maxLarge)}
		for range maxLarge {
			r.largeSlots <- struct{}{}
		}
		small := packed(answer(txt(asked)))
		large := reply(func(m *dns.Msg) {
			for len(m.Answer) < 500 {
				m.Answer = append(m.Answer, answer(txt(asked)).Answer...)
			}
		})
		if len(large) <= largeReply || len(small) > largeReply {
			t.Fatalf("%d and %d octets", len(large), len(small))
		}
		if _, err := r.readReply(small); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := r.readReply(large)
			done <- err
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Fatalf("a reply is parsed beside %d others", maxLarge)
		default:
		}
		<-r.largeSlots
		if err := <-done; err != nil || len(r.largeSlots) != maxLarge-1 {
			t.Errorf("%v; %d are being parsed", err, len(r.largeSlots))
		}
	})
}

// Where there are many messages, they are yielded before the end of a round.
func TestManyMessagesInARound(t *testing.T) {
	const n = 3*maxParsed + 1
	var yielded []int
	yield := func(some []Answer) { yielded = append(yielded, len(some)) }
	s := &sweep{resolver: &Resolver{began: time.Now()}, yield: yield}
	l := &lane{sweep: s, resolver: s.resolver, table: newTable(n), readRoute: &route{upstream: &upstream{}}}
	for range n {
		i, ok := l.table.add(&Question{Name: asked, Type: dns.TypeTXT})
		if !ok {
			t.Fatal("no slot")
		}
		l.answerMessage(i, &reading{outcome: Reply, msg: new(dns.Msg)})
		if len(l.answers) >= maxParsed {
			t.Fatalf("%d messages wait", len(l.answers))
		}
	}
	l.deliverAnswers()
	total := 0
	for _, some := range yielded {
		total += some
	}
	if total != n || len(yielded) != 4 {
		t.Errorf("%d answers in %d portions", total, len(yielded))
	}
}
