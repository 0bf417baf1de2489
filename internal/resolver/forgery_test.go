package resolver

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
)

// forgeries are packets that come instead of, or before, the answer. None of them may be taken for it (RFC 5452,
// section 9.1).
func forgeries() map[string]func(q *dns.Msg) []byte {
	evil := func(q *dns.Msg, change func(m *dns.Msg)) []byte {
		m := answer(q)
		m.Answer[0].(*dns.TXT).Txt = []string{"evil"}
		change(m)
		return packed(m)
	}
	return map[string]func(q *dns.Msg) []byte{
		"nothing":         func(*dns.Msg) []byte { return nil },
		"three octets":    func(*dns.Msg) []byte { return []byte{1, 2, 3} },
		"garbage":         func(*dns.Msg) []byte { return slices.Repeat([]byte{0xa5}, 300) },
		"a header alone":  func(q *dns.Msg) []byte { return packed(answer(q))[:dnswire.HeaderSize] },
		"half a question": func(q *dns.Msg) []byte { return packed(answer(q))[:dnswire.HeaderSize+7] },
		"wrong id":        func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Id++ }) },
		"a query":         func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Response = false }) },
		"another opcode":  func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }) },
		"another name": func(q *dns.Msg) []byte {
			return evil(q, func(m *dns.Msg) { m.Question[0].Name = "_mta-sts.evil.example." })
		},
		"another type":  func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeA }) },
		"another class": func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }) },
		"another case": func(q *dns.Msg) []byte {
			return evil(q, func(m *dns.Msg) { m.Question[0].Name = "_MTA-STS.example.com." })
		},
		"no question": func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Question = nil }) },
		"two questions": func(q *dns.Msg) []byte {
			return evil(q, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) })
		},
		"an octet":                    func(*dns.Msg) []byte { return []byte{0} },
		"as much as a datagram holds": func(*dns.Msg) []byte { return make([]byte, 65_507) },
		"framed as over TCP": func(q *dns.Msg) []byte {
			wire := packed(answer(q))
			return append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)
		},
		"a question that points at itself": func(q *dns.Msg) []byte {
			wire := packed(answer(q))
			header := wire[:dnswire.HeaderSize:dnswire.HeaderSize]
			return append(append(header, 0xc0, dnswire.HeaderSize, 0, 16, 0, 1), wire[dnswire.HeaderSize+6:]...)
		},
		"a question that points at the answer": func(q *dns.Msg) []byte {
			m := answer(q)
			wire := packed(m)
			end := dnswire.HeaderSize + len(m.Question[0].Name) + 1
			return append(append(wire[:dnswire.HeaderSize:dnswire.HeaderSize], 0xc0, dnswire.HeaderSize+6), wire[end:]...)
		},
		"65,535 questions": func(q *dns.Msg) []byte {
			wire := packed(answer(q))
			wire[4], wire[5] = 0xff, 0xff
			return wire
		},
		"a question without end": func(q *dns.Msg) []byte {
			return append(packed(answer(q))[:dnswire.HeaderSize], bytes.Repeat([]byte{63}, 400)...)
		},
		"the query, echoed": func(q *dns.Msg) []byte { return packed(q) },
	}
}

func TestExchangeIgnoresForgeries(t *testing.T) {
	const name = "_mta-sts.example.com"
	all := forgeries()
	all["all of them"] = nil
	for title, forge := range all {
		t.Run(title, func(t *testing.T) {
			s := serve(t, func(q *dns.Msg, send func([]byte)) {
				if forge != nil {
					send(forge(q))
				} else {
					for _, forge := range forgeries() {
						send(forge(q))
					}
				}
				good(q, send)
				good(q, send) // a duplicate disturbs nothing
			}, nil)
			r := open(t, Config{}, s)
			m, err := r.Exchange(t.Context(), txt(name))
			wantAnswer(t, m, err, name)
			if got := r.Stats()[0]; got.Mismatched < 1 || got.Answered != 1 || got.Asked != 1 || got.Timeouts != 0 {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

// A forgery alone is no answer, nor is it over TCP.
func TestExchangeForgeriesAlone(t *testing.T) {
	for title, forge := range forgeries() {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			forger := func(q *dns.Msg, send func([]byte)) {
				if q.Question[0].Name == "." {
					good(q, send) // the probe: the upstream is there
					return
				}
				send(forge(q))
			}
			r := open(t, Config{Timeout: fairness / 2}, serve(t, forger, nil))
			_, err := r.Exchange(t.Context(), txt("_mta-sts.example.com"))
			wantError(t, err, codes.RecordTimeout, false)

			s := serve(t, cut, func(c net.Conn) {
				if q, err := tcpQuestion(c); err == nil {
					_ = tcpSend(c, forge(q))
					_ = tcpSend(c, packed(answer(q)))
				}
			})
			m, err := open(t, Config{}, s).Exchange(t.Context(), txt("_mta-sts.example.com"))
			wantAnswer(t, m, err, "_mta-sts.example.com")
		})
	}
}

// The reply to an earlier question, late on a socket that is used again, answers nothing.
func TestExchangeLateReply(t *testing.T) {
	var mu sync.Mutex
	var late []byte
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case q.Question[0].Name == ".":
			good(q, send)
		case late == nil:
			late = packed(answer(q))
		default:
			send(late)
			good(q, send)
		}
	}, nil)
	r := open(t, Config{Timeout: fairness}, s)
	_, err := r.Exchange(t.Context(), txt("first.example.com"))
	wantError(t, err, codes.RecordTimeout, false)
	r.schedule.timeout = patience
	m, err := r.Exchange(t.Context(), txt("second.example.com"))
	wantAnswer(t, m, err, "second.example.com")
}
