package dnswire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// A reply repeats the id and the very question, and says that it is a reply.
func TestIsReply(t *testing.T) {
	const id = 0x1234
	var q Query
	if err := q.Ask(asked, dns.TypeTXT); err != nil {
		t.Fatal(err)
	}
	good := reply(t, func(m *dns.Msg) { m.Id = id })
	end := len(good)
	if !IsReply(good, id, q.Question()) || !IsReply(append(slices.Clone(good), 1), id, q.Question()) {
		t.Fatal("a reply is none")
	}
	for title, change := range map[string]func(b []byte){
		"another id":         func(b []byte) { b[0]++ },
		"another id, at end": func(b []byte) { b[1]++ },
		"a query":            func(b []byte) { b[2] &^= 0x80 },
		"a notification":     func(b []byte) { b[2] |= 4 << 3 },
		"no question":        func(b []byte) { b[5] = 0 },
		"two questions":      func(b []byte) { b[5] = 2 },
		"256 questions more": func(b []byte) { b[4] = 1 },
		"another name":       func(b []byte) { b[HeaderSize+3] = 'x' },
		"another case":       func(b []byte) { b[HeaderSize+3] ^= 0x20 },
		"another type":       func(b []byte) { b[end-3]++ },
		"another class":      func(b []byte) { b[end-1]++ },
	} {
		b := slices.Clone(good)
		if change(b); IsReply(b, id, q.Question()) {
			t.Errorf("%s is a reply", title)
		}
	}
	for n := range good {
		if IsReply(good[:n], id, q.Question()) {
			t.Errorf("%d of %d octets are a reply", n, len(good))
		}
	}
	truncated := reply(t, func(m *dns.Msg) { m.Truncated = true })
	if IsTruncated(good) || !IsTruncated(truncated) {
		t.Error("TC is read wrongly")
	}
}

func FuzzIsReply(f *testing.F) {
	for _, c := range denialCases() {
		f.Add(c.wire(f, true), uint16(0))
	}
	f.Add(reply(f, func(m *dns.Msg) { m.Id = 7 }), uint16(7))
	f.Add(reply(f, func(m *dns.Msg) { m.Response = false }), uint16(0))
	var q Query
	if err := q.Ask(asked, dns.TypeTXT); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, packet []byte, id uint16) {
		if !IsReply(packet, id, q.Question()) {
			return
		}
		m := new(dns.Msg)
		if err := m.Unpack(packet); err != nil && len(m.Question) == 0 {
			t.Fatalf("its question cannot be read: %v", err)
		}
		want := dns.Question{Name: asked + ".", Qtype: dns.TypeTXT, Qclass: dns.ClassINET}
		if m.Id != id || !m.Response || m.Opcode != dns.OpcodeQuery || len(m.Question) != 1 || m.Question[0] != want {
			t.Fatalf("accepted:\n%v", m)
		}
		if IsTruncated(packet) != m.Truncated || QuestionEnd(packet) != HeaderSize+len(q.Question()) {
			t.Fatalf("TC %v, the question ends at %d:\n%v", IsTruncated(packet), QuestionEnd(packet), m)
		}
	})
}

func TestQuestionEnd(t *testing.T) {
	const header = "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	label := "\x3f" + strings.Repeat("a", 63)
	for _, c := range []struct {
		title, packet string
		want          int
	}{
		{"a name", header + "\x01a\x03com\x00\x00\x10\x00\x01", 12 + 7 + 4},
		{"the root", header + "\x00\x00\x10\x00\x01", 12 + 1 + 4},
		{"more behind", header + "\x01a\x00\x00\x10\x00\x01more", 12 + 3 + 4},
		{"the longest name", header + strings.Repeat(label, 3) + "\x3d" + label[1:62] + "\x00\x00\x10\x00\x01", 12 + 255 + 4},
		{"a longer one", header + strings.Repeat(label, 3) + "\x3e" + label[1:63] + "\x00\x00\x10\x00\x01", -1},
		{"a label too long", header + "\x40" + label + "\x00\x00\x10\x00\x01", -1},
		{"compressed", header + "\x01a\xc0\x0c\x00\x10\x00\x01", -1},
		{"a name without end", header + "\x01a\x03com", -1},
		{"a label without end", header + "\x09com", -1},
		{"a class without end", header + "\x01a\x00\x00\x10\x00", -1},
		{"a header alone", header, -1},
		{"half a header", header[:6], -1},
		{"nothing", "", -1},
		{"no question", strings.Replace(header, "\x01", "\x00", 1) + "\x01a\x00\x00\x10\x00\x01", -1},
		{"two questions", strings.Replace(header, "\x01", "\x02", 1) + "\x01a\x00\x00\x10\x00\x01", -1},
	} {
		if got := QuestionEnd([]byte(c.packet)); got != c.want {
			t.Errorf("%s: %d, want %d", c.title, got, c.want)
		}
	}
}

func FuzzQuestionEnd(f *testing.F) {
	for _, c := range packQuestions() {
		if wire, err := txt(c.owner()).Pack(); err == nil {
			f.Add(wire)
		}
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		end := QuestionEnd(packet)
		if len(packet) < HeaderSize || packet[4] != 0 || packet[5] != 1 {
			if end != -1 {
				t.Fatalf("ends at %d", end)
			}
			return
		}
		_, off, err := dns.UnpackDomainName(packet, HeaderSize)
		compressed := isCompressed(packet)
		if ok := err == nil && !compressed && off+4 <= len(packet); ok != (end > 0) || ok && end != off+4 {
			t.Fatalf("ends at %d, by the library at %d (compressed %v, error %v)", end, off+4, compressed, err)
		}
	})
}

// isCompressed reports whether the name of the question has a pointer.
func isCompressed(packet []byte) bool {
	for off := HeaderSize; off < len(packet) && packet[off] != 0; off += 1 + int(packet[off]) {
		if packet[off] >= 0xc0 {
			return true
		}
	}
	return false
}

// A query that was packed elsewhere is the one that Ask makes, with its OPT record or without.
func TestQuery(t *testing.T) {
	for _, name := range []string{asked, "a", "A.Example", strings.Repeat("a23456789.", 25) + "abc"} {
		m := txt(name)
		opt := make([]byte, OPTSize)
		if n, err := dns.PackRR(m.IsEdns0(), opt, 0, nil, false); err != nil || n != OPTSize {
			t.Fatal(n, err)
		}
		m.Extra = nil
		bare, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		var asks, sets Query
		if err := asks.Ask(name, dns.TypeTXT); err != nil {
			t.Fatal(err)
		}
		for range 2 { // once more in the same memory
			if err := sets.Set(name, dns.TypeTXT, bare, opt); err != nil {
				t.Fatal(err)
			}
		}
		for i, edns := range []bool{true, true, false, false, true} {
			if i > 0 { // as it is made it has one
				asks.UseEDNS(edns)
				sets.UseEDNS(edns)
			}
			if !bytes.Equal(asks.Message(), sets.Message()) || !bytes.Equal(asks.Question(), sets.Question()) {
				t.Errorf("%s, EDNS %v:\n%x\n%x", name, edns, asks.Message(), sets.Message())
			}
			m := new(dns.Msg)
			if err := m.Unpack(asks.Message()); err != nil || (m.IsEdns0() != nil) != edns || asks.EDNS != edns ||
				int(binary.BigEndian.Uint16(asks.Message()[10:])) != len(m.Extra) {
				t.Errorf("%s, EDNS %v: %v\n%v", name, edns, err, m)
			}
		}
	}
	var q Query
	if err := q.Set(asked, dns.TypeTXT, make([]byte, HeaderSize), nil); err != ErrQuestion {
		t.Errorf("a query without a question: %v", err)
	}
}
