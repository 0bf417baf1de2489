package simnet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

const (
	maxHops  = 24   // aliases followed for one question; more than the 16 of the scanner
	ednsSize = 1232 // octets of UDP payload that the world sends and accepts (RFC 6891)
)

// Exchange answers q as a full resolver would that asks the authoritative servers of the world: it follows
// aliases, denies with the SOA of the zone (RFC 2308), sets RA, and refuses a question without RD. Truncation
// over UDP that TCP mends is not seen here. AD is set where it is asked for (RFC 6840, section 5.7) and every
// zone on the way is signed: in a text world those with a DNSKEY record, in a generated world the top level
// and, by a hash of its name, one zone in sixteen. Resolvers differ on a loop of aliases; the world gives the
// chain up to its first repetition, so that the asker finds the loop.
//
// Silence lasts until ctx ends, then the error wraps that of ctx. The caller sets the deadline and owns the
// reply.
func (w *World) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	if err := ctx.Err(); err != nil {
		return nil, exchangeFailure(q, err)
	}
	reply, fault := w.answer(q)
	switch fault {
	case dnsSilent, dnsGarbage:
		select {
		case <-ctx.Done():
			return nil, exchangeFailure(q, ctx.Err())
		case <-w.done:
			return nil, closed("exchange", "memory")
		}
	case dnsMalformed:
		err := fmt.Errorf("reply to %s: %w", subject(q), dns.ErrRdata)
		return nil, &exchangeError{reason: codes.RecordMalformed, err: err}
	case dnsTruncateUDP:
		truncate(reply)
	}
	return reply, nil
}

// An exchangeError has the reason for the table.
type exchangeError struct {
	reason codes.RecordReason
	err    error
}

func (e *exchangeError) Error() string                    { return e.err.Error() }
func (e *exchangeError) Unwrap() error                    { return e.err }
func (e *exchangeError) RecordReason() codes.RecordReason { return e.reason }
func (e *exchangeError) Timeout() bool                    { return e.reason == codes.RecordTimeout }

// exchangeFailure separates a time-out, which is about the name, from a cancellation, which is not.
func exchangeFailure(q *dns.Msg, cause error) error {
	err := fmt.Errorf("no reply to %s: %w", subject(q), cause)
	if errors.Is(cause, context.DeadlineExceeded) {
		return &exchangeError{reason: codes.RecordTimeout, err: err}
	}
	return err
}

func subject(q *dns.Msg) string {
	if len(q.Question) == 0 {
		return "an empty question"
	}
	return q.Question[0].Name + " " + dns.Type(q.Question[0].Qtype).String()
}

// answer makes the reply to q and says how it goes wrong on the way: dnsFine, dnsSilent, dnsGarbage,
// dnsMalformed, dnsFlood, or a truncation. Other faults are in the reply. The reply shares nothing with q or
// the source.
func (w *World) answer(q *dns.Msg) (*dns.Msg, dnsFault) {
	reply := &dns.Msg{Question: slices.Clone(q.Question), Compress: true}
	reply.Id, reply.Opcode, reply.Response = q.Id, q.Opcode, true
	reply.RecursionDesired, reply.RecursionAvailable, reply.CheckingDisabled = q.RecursionDesired, true, q.CheckingDisabled
	opt := q.IsEdns0()
	if opt != nil {
		reply.SetEdns0(ednsSize, opt.Do())
	}
	if reply.Rcode = refusal(q, opt); reply.Rcode != dns.RcodeSuccess {
		return reply, dnsFine
	}
	signed, fault := w.resolve(reply, q.Question[0].Qtype)
	if reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError {
		reply.AuthenticatedData = signed && (q.AuthenticatedData || opt != nil && opt.Do())
	}
	return reply, fault
}

// refusal is the response code for a message that is no question for a resolver; otherwise RcodeSuccess.
func refusal(q *dns.Msg, opt *dns.OPT) int {
	switch {
	case q.Response || len(q.Question) != 1:
		return dns.RcodeFormatError
	case q.Opcode != dns.OpcodeQuery:
		return dns.RcodeNotImplemented
	case opt != nil && opt.Version() != 0:
		return dns.RcodeBadVers
	case q.Question[0].Qclass != dns.ClassINET, !q.RecursionDesired:
		return dns.RcodeRefused
	}
	switch q.Question[0].Qtype {
	case dns.TypeAXFR, dns.TypeIXFR, dns.TypeMAILA, dns.TypeMAILB, dns.TypeTSIG, dns.TypeTKEY, dns.TypeOPT:
		return dns.RcodeRefused
	}
	return dns.RcodeSuccess
}

// resolve fills in the answer, alias by alias. It says whether every zone on the way is signed.
func (w *World) resolve(reply *dns.Msg, qtype uint16) (signed bool, fault dnsFault) {
	name := plainName(reply.Question[0].Name)
	visited := make([]string, 0, 4)
	signed = true
	for {
		st := w.ask(name, qtype)
		signed = signed && (st.zone == CanaryZone || w.signed(st.zone))
		if st.ede != 0 {
			extendedError(reply, st.ede)
		}
		switch st.fault {
		case dnsSilent, dnsGarbage, dnsMalformed:
			return false, st.fault
		case dnsTruncate, dnsTruncateUDP:
			fault = st.fault
		case dnsRebind:
			w.rebind(&st)
		case dnsFlood:
			fault = st.fault
			flood(reply, &st)
		case dnsReferral:
			reply.Ns = []dns.RR{nsOf(st.zone)}
			return false, fault
		case dnsFiltered:
			reply.Rcode = dns.RcodeNameError
			extendedError(reply, dns.ExtendedErrorCodeFiltered)
			return false, fault
		}
		if st.rcode != dns.RcodeSuccess && st.rcode != dns.RcodeNameError {
			reply.Rcode, reply.Answer = st.rcode, nil
			return false, fault
		}
		if len(st.rrs) == 0 {
			reply.Rcode = st.rcode
			switch st.fault {
			case dnsNoSOA:
				return signed, fault
			case dnsStray:
				st.zone = strayZone
			}
			reply.Ns = []dns.RR{w.denial(st.zone)}
			return signed, fault
		}
		for _, rr := range st.rrs {
			reply.Answer = append(reply.Answer, dns.Copy(rr))
		}
		alias, ok := st.rrs[len(st.rrs)-1].(*dns.CNAME)
		visited = append(visited, name)
		if !ok || qtype == dns.TypeCNAME || qtype == dns.TypeANY || st.fault == dnsFirstHop || len(visited) == maxHops {
			return signed, fault
		}
		if name = plainName(alias.Target); slices.Contains(visited, name) {
			return signed, fault
		}
	}
}

// strayZone is a zone that no other name is in.
const strayZone = "stray.example"

// floodRoom is how much of a message of 64 KiB a flood takes, beside the other records.
const floodRoom = 63 << 10 // octets

// flood puts TXT records before those that the name has, each as short as possible.
func flood(reply *dns.Msg, st *step) {
	if len(st.rrs) == 0 || st.rrs[0].Header().Rrtype != dns.TypeTXT {
		return
	}
	const size = 14 // octets of a record: pointer, type, class, TTL, length, "x"
	hdr := *st.rrs[0].Header()
	for range floodRoom / size {
		reply.Answer = append(reply.Answer, &dns.TXT{Hdr: hdr, Txt: []string{"x"}})
	}
}

// rebind answers every second question for an address with a loopback address.
func (w *World) rebind(st *step) {
	for i, rr := range st.rrs {
		if a, ok := rr.(*dns.A); ok && w.rebound.Add(1)%2 == 0 {
			st.rrs = slices.Clone(st.rrs)
			st.rrs[i] = &dns.A{Hdr: a.Hdr, A: netip.AddrFrom4([4]byte{127, 0, 0, 1}).AsSlice()}
		}
	}
}

// ask is the step of the source, and what every zone has even if the source does not: an SOA, a name server,
// and a short answer to ANY (RFC 8482).
func (w *World) ask(name string, qtype uint16) step {
	if qtype == dns.TypeANY {
		st := w.src.step(name, dns.TypeHINFO)
		if st.rcode == dns.RcodeSuccess && len(st.rrs) == 0 {
			st.rrs = []dns.RR{&dns.HINFO{Hdr: header(name, dns.TypeHINFO, denialTTL), Cpu: "RFC8482"}}
		}
		return st
	}
	st, ok := canary(name, qtype)
	if !ok {
		st = w.src.step(name, qtype)
	}
	if st.rcode == dns.RcodeSuccess && len(st.rrs) == 0 && name == st.zone {
		switch qtype {
		case dns.TypeSOA:
			st.rrs = []dns.RR{w.soa(name)}
		case dns.TypeNS:
			st.rrs = []dns.RR{nsOf(name)}
		}
	}
	return st
}

// extendedError adds an option of RFC 8914 where the client speaks EDNS.
func extendedError(reply *dns.Msg, code uint16) {
	if opt := reply.IsEdns0(); opt != nil {
		opt.Option = append(opt.Option, &dns.EDNS0_EDE{InfoCode: code})
	}
}

// truncate leaves the part of a reply that says that there is more.
func truncate(reply *dns.Msg) {
	reply.Truncated, reply.Answer, reply.Ns = true, nil, nil
}
