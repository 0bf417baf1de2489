package resolver

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
	"stsscan/internal/udpbatch"
)

// everyMethod is the ways to use sockets that this system has, the best first.
func everyMethod() []udpbatch.Method {
	if udpbatch.Auto.IsPortable() {
		return []udpbatch.Method{udpbatch.Portable}
	}
	return []udpbatch.Method{udpbatch.Segment, udpbatch.Batch, udpbatch.Portable}
}

// Names of all lengths, longer ones than can be asked for too, have one answer each: those that fit a slot, those
// that do not, and those that are no names.
func TestSweepOfAllLengths(t *testing.T) {
	const longest, each, label = 300, 3, "_mta-sts"
	const askable = dnswire.MaxName - 2 - len(label) - 1 // octets of the name behind the label
	var questions []Question
	for size := 1; size <= longest; size++ {
		for k := range each {
			questions = append(questions, Question{Label: label, Name: nameOf(size, k), Type: dns.TypeTXT,
				Tag: int64(len(questions))})
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(questions), func(i, j int) {
		questions[i], questions[j] = questions[j], questions[i]
	})
	for _, sockets := range everyMethod() {
		for _, mixCase := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, 0x20 %v", sockets, mixCase), func(t *testing.T) {
				t.Parallel()
				i := -1
				next := inBatches(func() (Question, bool) {
					if i++; i >= len(questions) {
						return Question{}, false
					}
					return questions[i], true
				})
				var g gathered
				r := open(t, Config{InFlight: 100, Sockets: sockets, MixCase: mixCase, Retries: 2}, serve(t, truthful, nil))
				if err := r.Sweep(t.Context(), next, g.yield); err != nil {
					t.Fatal(err)
				}
				for _, q := range questions {
					answers := g.answers[q.Tag]
					switch {
					case len(answers) != 1:
						t.Fatalf("a name of %d octets has %d answers", len(q.Name), len(answers))
					case len(q.Name) > askable:
						wantError(t, answers[0].Err, codes.RecordMalformed, false)
					case answers[0].Outcome != NODATA || answers[0].Zone != q.Name:
						t.Fatalf("a name of %d octets: %+v", len(q.Name), answers[0])
					}
				}
			})
		}
	}
}

// nameOf is the kth name of so many octets.
func nameOf(size, k int) string {
	var b strings.Builder
	for b.Len() < size {
		left := size - b.Len()
		n := min(left, dnswire.MaxLabel-k*20)
		if left == n+1 { // no room for a dot and a label
			n--
		}
		b.WriteString(strings.Repeat(string(rune('a'+k)), n))
		if left > n {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// truthful says of each domain that it has no record and is a zone.
func truthful(q *dns.Msg, send func([]byte)) {
	m := new(dns.Msg).SetReply(q)
	m.Ns = []dns.RR{soa(strings.TrimPrefix(strings.ToLower(q.Question[0].Name), "_mta-sts."))}
	send(packed(m))
}
