package dnswire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func mixQuestion(t testing.TB, name string, qtype uint16) []byte {
	t.Helper()
	var q Query
	if err := q.Ask(name, qtype); err != nil {
		t.Fatal(err)
	}
	return q.Question()
}

// The case of letters follows from question, port and id by the key.
func TestMixedCaseIsDerived(t *testing.T) {
	question := func(c *CaseMixer, tag int64, port, id uint16) string {
		q := mixQuestion(t, "_mta-sts."+strings.Repeat("abcdefghij.", 20)+"example", dns.TypeTXT)
		c.Mix(q, tag, port, id)
		return string(q)
	}
	c, other := NewCaseMixer([16]byte{1}), NewCaseMixer([16]byte{2})
	first := question(c, 7, 1, 2)
	if again := question(c, 7, 1, 2); again != first {
		t.Error("the same attempt has other letters")
	}
	for title, different := range map[string]string{
		"another tag": question(c, 8, 1, 2), "another port": question(c, 7, 2, 2), "another id": question(c, 7, 1, 3),
		"another key": question(other, 7, 1, 2), "no mixed case": strings.ToLower(first),
	} {
		if different == first {
			t.Errorf("%s has the same letters", title)
		}
	}
}

// A name of more letters than a block of the cipher has bits does not repeat itself.
func TestMixedCaseOfLongNames(t *testing.T) {
	label := strings.Repeat("a", MaxLabel)
	q := mixQuestion(t, label+"."+label+"."+label, dns.TypeTXT)
	NewCaseMixer([16]byte{1}).Mix(q, 7, 1, 2)
	if bytes.Equal(q[:64], q[128:192]) {
		t.Errorf("%q repeats itself", q)
	}
}

// Mixing changes nothing but the case of letters in the name, and lower case undoes it: type 65 looks like a letter.
func TestLowerCase(t *testing.T) {
	c := NewCaseMixer([16]byte{3})
	for _, qtype := range []uint16{dns.TypeTXT, dns.TypeHTTPS, 0x4142} {
		lower, mixed := mixQuestion(t, "_mta-sts.example.com", qtype), mixQuestion(t, "_MTA-sts.exAmple.cOM", qtype)
		for range 2 {
			end := len(lower) - 4
			if !bytes.EqualFold(lower[:end], mixed[:end]) || !bytes.Equal(lower[end:], mixed[end:]) {
				t.Errorf("type %d: %q, want %q but for its case", qtype, mixed, lower)
			}
			c.Mix(mixed, 1, 2, 3)
		}
		if LowerCase(mixed); !bytes.Equal(mixed, lower) {
			t.Errorf("type %d: %q, want %q", qtype, mixed, lower)
		}
	}
}
