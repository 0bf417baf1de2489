package codes

// A Verdict is what a compliant sender experiences that meets the domain for
// the first time. Exactly one holds; package mtasts has the decision table.
type Verdict string

const (
	VerdictNoSTS            Verdict = "no_sts"             // no record: no MTA-STS
	VerdictUnknown          Verdict = "unknown"            // too little was answered to tell
	VerdictBroken           Verdict = "broken"             // a record, and no policy to apply: as if there were none
	VerdictValidNone        Verdict = "valid_none"         // a policy that asks for nothing
	VerdictTestingOK        Verdict = "testing_ok"         // nothing to report
	VerdictTestingWouldFail Verdict = "testing_would_fail" // delivered, and reported: some host fails
	VerdictEnforceOK        Verdict = "enforce_ok"         // delivered
	VerdictEnforcePartial   Verdict = "enforce_partial"    // delivered, to some of the hosts only
	VerdictEnforceRefused   Verdict = "enforce_refused"    // not delivered
)

// Verdicts lists every Verdict.
func Verdicts() []Verdict {
	return []Verdict{
		VerdictNoSTS, VerdictUnknown, VerdictBroken, VerdictValidNone, VerdictTestingOK, VerdictTestingWouldFail,
		VerdictEnforceOK, VerdictEnforcePartial, VerdictEnforceRefused,
	}
}

// VerdictsWorstFirst lists every Verdict, first those about which somebody has to do something.
func VerdictsWorstFirst() []Verdict {
	return []Verdict{
		VerdictEnforceRefused, VerdictBroken, VerdictEnforcePartial, VerdictTestingWouldFail, VerdictUnknown,
		VerdictEnforceOK, VerdictTestingOK, VerdictValidNone, VerdictNoSTS,
	}
}

// A Basis is the last kind of evidence that a Verdict rests on; what comes after it was not looked at, was not
// answered, or does not matter. A verdict that the record alone decides has none.
type Basis string

const (
	BasisPolicy       Basis = "policy"
	BasisMX           Basis = "mx"           // names of MX hosts against patterns; certificates are not known
	BasisCertificates Basis = "certificates" // and STARTTLS and certificates of the hosts
)

// Bases lists every Basis, in order.
func Bases() []Basis { return []Basis{BasisPolicy, BasisMX, BasisCertificates} }

// A STARTTLS says how a probe of one MX host ended (RFC 3207).
type STARTTLS string

const (
	STARTTLSOK           STARTTLS = "ok"            // a certificate that senders accept (RFC 8461, section 4.2)
	STARTTLSCertificate  STARTTLS = "certificate"   // a certificate that they do not accept: tls_error
	STARTTLSHandshake    STARTTLS = "handshake"     // STARTTLS accepted, then the handshake failed: tls_error
	STARTTLSRejected     STARTTLS = "rejected"      // offered, and refused when asked for
	STARTTLSNotOffered   STARTTLS = "not_offered"   // not among the extensions, or the server knows only HELO
	STARTTLSRefused      STARTTLS = "refused"       // 4xx or 5xx to the connection or to our greeting
	STARTTLSProtocol     STARTTLS = "protocol"      // not SMTP
	STARTTLSTimeout      STARTTLS = "timeout"       // silence after the connection
	STARTTLSReset        STARTTLS = "reset"         // the connection ended before the handshake
	STARTTLSNoConnection STARTTLS = "no_connection" // to no address of the host
	STARTTLSNoAddress    STARTTLS = "no_address"    // it has none that may be contacted
	STARTTLSOptedOut     STARTTLS = "opted_out"     // the host, an alias of it or its networks opted out
	STARTTLSUnknown      STARTTLS = "unknown"       // its addresses are unknown, or this machine lacks their family
)

// Doubtful reports whether a server that was talked to may say otherwise at another time: one that does not offer
// STARTTLS, refuses to talk, or is silent. Such a host is probed once more in a later pass.
func (s STARTTLS) Doubtful() bool {
	return s == STARTTLSNotOffered || s == STARTTLSRefused || s == STARTTLSTimeout
}

// STARTTLSs lists every STARTTLS.
func STARTTLSs() []STARTTLS {
	return []STARTTLS{
		STARTTLSOK, STARTTLSCertificate, STARTTLSHandshake, STARTTLSRejected, STARTTLSNotOffered, STARTTLSRefused,
		STARTTLSProtocol, STARTTLSTimeout, STARTTLSReset, STARTTLSNoConnection, STARTTLSNoAddress, STARTTLSOptedOut,
		STARTTLSUnknown,
	}
}

// An MXTLS sums up the probes of the hosts that the policy covers.
type MXTLS string

const (
	MXTLSAll     MXTLS = "all"     // all whose TLS is known would be accepted
	MXTLSSome    MXTLS = "some"    // at least one would not, and not all are known to be so
	MXTLSNone    MXTLS = "none"    // none would be
	MXTLSUnknown MXTLS = "unknown" // no host let itself be probed, or they opted out
)

// MXTLSs lists every MXTLS.
func MXTLSs() []MXTLS { return []MXTLS{MXTLSAll, MXTLSSome, MXTLSNone, MXTLSUnknown} }
