package simnet

import "stsscan/internal/codes"

// A story is everything that a Policy Domain of a population can have: what its names, its policy host and its
// texts do, and what a perfect observer concludes. The conclusion is written beside the cause, not made by a
// parser.
type story struct {
	name  string
	share share
	by    by

	record      dnsPlay // answer at the end of the aliases of _mta-sts.<domain>
	recordAlias aliasPlay
	firstHop    bool     // the name server leaves the aliases to the asker
	noSOA       bool     // denials come without an SOA, those of the mail side too
	txt         txtMaker // the TXT records; nil: one good record

	host      dnsPlay // answer at the end of the aliases of mta-sts.<domain>
	hostAlias aliasPlay
	addrs     addrPlay
	tcp       tcpPlay
	tls       tlsPlay
	status    []int       // HTTP status, one of these; none: 200
	header    [][2]string // added to the response
	body      bodyPlay
	delay     delay
	size      sizePlay
	filtered  bool              // a filter's page takes the place of the server's
	denied    bool              // a filter's error code does
	edit      func(*policyText) // what is unusual about the policy; nil: nothing

	end      ending
	findings []codes.Finding // of those that a truth speaks about
}

// A share is how many domains have a story, in percent. Of the domains without a record: zones, top and absent.
// Of those with one, by who runs it: third, small, mid, parking and portfolio; and errors.
type share struct {
	zones, top, absent                    float64
	third, small, mid, parking, portfolio float64
	errors                                float64
}

// by says whose domains can have a story.
type by uint8

const (
	byAnyone by = iota
	byThird     // the record is an alias to a provider
	byOwner     // plain names
)

// A dnsPlay is an answer to a question for the record or the policy host.
type dnsPlay uint8

const (
	playGood     dnsPlay = iota
	playNoDomain         // NXDOMAIN from the zone above the registered domain
	playNXDomain
	playNoData
	playServfail
	playRefused
	playNotImplemented
	playSilent
	playTruncate    // mended by TCP
	playTruncateUDP // and TCP is refused
	playReferral
	playFiltered
	playMalformed
	playStray // NODATA, with the SOA of a zone that the name is not in
)

// An aliasPlay is how a name is an alias.
type aliasPlay uint8

const (
	aliasOfOperator aliasPlay = iota // to the operator's name, or none
	aliasHops                        // one to three aliases of its own before that
	aliasLoop                        // that come back to where they began
	aliasLong                        // eighteen of its own
)

// An addrPlay is which addresses a policy host has.
type addrPlay uint8

const (
	addrsAny       addrPlay = iota
	addrsSingle             // one IPv4 address: for stories that cost an observer its time limit
	addrsIPv6               // IPv6 alone
	addrsForbidden          // special-purpose addresses alone
	addrsMixed              // one of them beside a good one
)

// A sizePlay is how long the body is made.
type sizePlay uint8

const (
	sizeNatural sizePlay = iota
	sizeFull             // a policy of 64 KiB, which is the most
	sizeOver             // one that is longer
	sizeGzip             // compressed
)

// An ending is what a perfect observer concludes from a story.
type ending struct {
	record       codes.Record
	recordReason codes.RecordReason
	policy       codes.Policy
	stage        codes.Stage
	reason       codes.PolicyReason
	reading      reading
	id           bool            // the record's id can be read
	findings     []codes.Finding // of the record, among others
}

// A reading is the verdict of the strict and the lenient reading of every text that can be read.
type reading uint8

const (
	unread reading = iota
	readStrictly
	readLeniently // only the lenient reading takes it
	readByNone
)

// ok is a record and a policy as they should be.
func ok() ending {
	return ending{record: codes.RecordValid, id: true, policy: codes.PolicyValid, reading: readStrictly}
}

// incomplete is a good record, and a policy that reads well and may have been cut.
func incomplete() ending {
	e := ok()
	e.reading = readLeniently
	return e
}

func absent(reason codes.RecordReason) ending {
	return ending{record: codes.RecordAbsent, recordReason: reason, policy: codes.PolicyNotFetched}
}

// with adds findings of the record to an ending.
func (e ending) with(findings ...codes.Finding) ending {
	e.findings = findings
	return e
}

func unknown(reason codes.RecordReason) ending {
	return ending{record: codes.RecordUnknown, recordReason: reason, policy: codes.PolicyNotFetched}
}

// badID is a record whose id cannot be read.
func badID(reason codes.RecordReason) ending {
	return ending{record: codes.RecordInvalid, recordReason: reason, policy: codes.PolicyNotFetched, reading: readByNone}
}

// badField is a record with a good id, and something else wrong with it.
func badField(reason codes.RecordReason, r reading) ending {
	return ending{record: codes.RecordInvalid, recordReason: reason, id: true, policy: codes.PolicyNotFetched, reading: r}
}

// fetch is a good record whose policy is not retrieved.
func fetch(policy codes.Policy, stage codes.Stage, reason codes.PolicyReason) ending {
	return ending{record: codes.RecordValid, id: true, policy: policy, stage: stage, reason: reason, reading: readStrictly}
}

// failedTLS is a retrieval that ends in the handshake.
func failedTLS(e codes.TLSError) ending {
	return fetch(codes.PolicyUnreachable, codes.StageTLS, codes.PolicyReason(e))
}

// badPolicy is a policy that is retrieved and does not parse.
func badPolicy(reason codes.PolicyReason, r reading) ending {
	e := fetch(codes.PolicyInvalid, codes.StageSyntax, reason)
	e.reading = r
	return e
}

// sentinel is the error of the lookup or the fetch.
func (e ending) sentinel() codes.Sentinel {
	switch e.record {
	case codes.RecordAbsent:
		return codes.ErrNoRecord
	case codes.RecordMultiple:
		return codes.ErrMultipleRecords
	case codes.RecordInvalid:
		return codes.ErrRecordSyntax
	case codes.RecordUnknown:
		return codes.ErrDNS
	}
	switch e.policy {
	case codes.PolicyMissing:
		return codes.ErrNoPolicy
	case codes.PolicyInvalid:
		return codes.ErrPolicySyntax
	case codes.PolicyUnreachable, codes.PolicyForbidden, codes.PolicyUnknown:
		return codes.ErrPolicyFetch
	}
	return ""
}

// respondsHTTP reports whether the observer sees an HTTP status.
func (e ending) respondsHTTP() bool {
	switch e.stage {
	case codes.StageDNS, codes.StageTCP, codes.StageTLS:
		return false
	case codes.StageHTTP:
		return e.reason != codes.ReasonMalformed && e.reason != codes.ReasonHeadersTooLarge &&
			e.reason != codes.ReasonTimeout && e.reason != codes.ReasonReset
	}
	return e.record == codes.RecordValid
}

// readsPolicy reports whether the observer has the text of a policy. What could be understood of it is in the
// row, even if it does not parse.
func (e ending) readsPolicy() bool {
	return e.policy == codes.PolicyValid || e.stage == codes.StageSyntax
}

// result is what a sender that reports says of a policy that it does not get (RFC 8460, section 4.3.2.2), "" of
// one that is valid: that the policy breaks the grammar, that it cannot accept the certificate, or that it got
// none.
func (s *story) result() codes.TLSRPTResult {
	switch {
	case s.end.policy == codes.PolicyValid, s.end.record != codes.RecordValid:
		return ""
	case s.end.stage == codes.StageSyntax:
		return codes.TLSRPTPolicyInvalid
	case s.tls.showsBadCertificate():
		return codes.TLSRPTWebPKIInvalid
	}
	return codes.TLSRPTPolicyFetchError
}

// showsBadCertificate reports whether the handshake shows a certificate that must not be accepted.
func (p tlsPlay) showsBadCertificate() bool {
	switch p {
	case tlsWrongName, tlsCommonName, tlsPartialWildcard, tlsParentWildcard, tlsExpired, tlsNotYetValid, tlsSelfSigned,
		tlsUnknownAuthority, tlsIncompleteChain, tlsForClients, tlsAlienChain, tlsSHA1Chain, tlsTinyKey:
		return true
	}
	return false
}

// plain reports whether the domain's names answer as they should: all that is special about the story is said
// behind the name that the server is asked for. Only such stories fit an operator whose names are shared by
// all.
func (s *story) plain() bool {
	return s.txt == nil && s.record == playGood && !s.firstHop && s.host == playGood &&
		s.hostAlias == aliasOfOperator && s.recordAlias == aliasOfOperator && s.addrs == addrsAny && s.tcp == tcpServe
}
