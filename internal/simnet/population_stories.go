package simnet

import (
	"slices"
	"time"

	"stsscan/internal/codes"
)

// stories is the table of stories with a record, good or bad. The first has what the others leave of 100
// percent of third, small, mid and portfolio. Shares by who runs it are those of the IMC 2025 study, spread
// over its classes; those of mid are computed from its totals. Shares in the model errors are made so that
// every class is seen often, but for the slow ones.
func stories() []story {
	return slices.Concat(goodStories(), recordStories(), hostStories(), tlsStories(), webStories(), policyStories())
}

// goodStories have a record and a policy by the letter of the RFC.
func goodStories() []story {
	return []story{
		{name: "good", share: share{errors: 12}, end: ok()},
		{name: "good, own names", share: share{errors: 3}, by: byOwner, end: ok()},
		{name: "good, customer", share: share{errors: 6}, by: byThird, end: ok()},

		// Unusual names.
		{name: "chain of aliases", share: share{errors: 2}, recordAlias: aliasHops, hostAlias: aliasHops, end: ok()},
		{name: "chain of aliases, hop by hop", share: share{errors: 1.5}, recordAlias: aliasHops, firstHop: true, end: ok()},
		{name: "large reply", share: share{errors: 1}, by: byOwner, record: playTruncate, end: ok()},
		{name: "denials without an SOA", share: share{errors: 1}, by: byOwner, noSOA: true, end: ok()},
		{name: "host with IPv6 only", share: share{errors: 0.5}, addrs: addrsIPv6, end: ok()},
		{name: "host with a forbidden address too", share: share{small: 0.05, errors: 0.7}, addrs: addrsMixed, end: ok(), findings: []codes.Finding{codes.FindHostForbidden}},

		// Unusual records.
		{name: "record beside others", share: share{small: 0.3, mid: 0.3, errors: 1}, end: ok(),
			txt: txtBeside("v=spf1 -all", "\xff\xfe\x00", "v=STSv1", "v=STSv10; id=1", "verification=\xe9")},
		{name: "record with a space before the delimiter", share: share{small: 0.05, errors: 0.7}, end: ok(),
			txt: txtOneOf("v=STSv1 ; id=%s;", "v=STSv1\t;id=%s")},
		{name: "record with an extension", share: share{small: 0.05, errors: 0.7}, end: ok(),
			txt: txtOneOf("v=STSv1; id=%s; note=x;", "v=STSv1; a-1_b.c=/<>; id=%s")},
		{name: "record with a duplicate", share: share{errors: 0.5}, end: ok(),
			txt: txtOneOf("v=STSv1; id=%s; id=bad-id;", "v=STSv1; id=%s; v=STSv1")},

		// Unusual servers.
		{name: "certificate with many names", share: share{errors: 0.3}, tls: tlsManyNames, end: ok()},
		{name: "no media type", share: share{errors: 0.5}, header: contentType(""), end: ok()},
		{name: "other media type", share: share{errors: 0.5}, header: contentType("application/octet-stream"), end: ok()},
		{name: "other charset", share: share{errors: 0.5}, header: contentType("text/plain; charset=iso-8859-1"), end: ok()},
		{name: "body ended by the close", share: share{errors: 0.7}, body: bodyClose, end: ok()},
		{name: "body ended without close_notify", share: share{errors: 0.7}, body: bodyAbrupt, end: incomplete(), findings: []codes.Finding{codes.FindTruncationPossible}},
		{name: "body of two lengths", share: share{errors: 0.5}, body: bodyBothLengths, end: ok(), findings: []codes.Finding{codes.FindLengthAndTransferEncoding}},
		{name: "slow handshake", share: share{errors: 0.1}, delay: delay{handshake: slowTime}, end: ok()},
		{name: "slow header", share: share{errors: 0.1}, delay: delay{header: slowTime}, end: ok()},
		{name: "body of 64 KiB", share: share{errors: 0.5}, size: sizeFull, end: ok()},

		{name: "old cipher suite", share: share{small: 0.05, errors: 0.5}, tls: tlsCBCSuite, end: ok()},
		{name: "static RSA", share: share{small: 0.02, errors: 0.3}, tls: tlsStaticRSA, end: ok()},
		{name: "key of 1024 bits", share: share{small: 0.05, errors: 0.5}, tls: tlsShortKey, end: ok(), findings: []codes.Finding{codes.FindCertKeyShort}},

		// Unusual policies.
		{name: "CRLF", share: share{errors: 1}, edit: editCRLF, end: ok()},
		{name: "mixed line ends", share: share{errors: 0.5}, edit: editMixedLineEnds, end: ok()},
		{name: "no final line end", share: share{errors: 1}, edit: editNoFinalLineEnd, end: ok()},
		{name: "trailing space", share: share{errors: 1}, edit: editTrailingSpace, end: ok()},
		{name: "version last", share: share{errors: 0.5}, edit: editVersionLast, end: ok()},
		{name: "extension", share: share{small: 0.5, errors: 1}, edit: editExtension, end: ok()},
		{name: "duplicate field", share: share{small: 0.1, errors: 1}, edit: editDuplicateField, end: ok()},
		{name: "field in another case beside the real one", share: share{errors: 0.5}, edit: editFieldCaseBeside, end: ok()},
		{name: "duplicate mx", share: share{small: 0.2, errors: 0.5}, edit: editDuplicateMX, end: ok()},
		{name: "upper case mx", share: share{errors: 1}, edit: editUpperCaseMX, end: ok()},
		{name: "mx with an IPv4 address", share: share{small: 0.05, errors: 0.5}, edit: editAddressMX, end: ok()},
		{name: "mx of one label", share: share{small: 0.02, errors: 0.5}, edit: editSingleLabelMX, end: ok()},
		{name: "mx that is no A-label", share: share{errors: 0.8}, edit: editNotALabelMX, end: ok()},
		{name: "max_age zero", share: share{small: 0.05, errors: 0.5}, edit: editMaxAgeZero, end: ok()},
		{name: "short max_age", share: share{errors: 0.7}, edit: editMaxAgeShort, end: ok()},
	}
}

// slowTime is more than a quick retrieval allows, and less than most deadlines.
const slowTime = 6 * time.Second

// recordStories have a record that is none by the letter. The good policy behind it is not fetched.
func recordStories() []story {
	return []story{
		{name: "other version", share: share{small: 0.04, mid: 0.04, errors: 0.7}, end: absent(codes.RecordBadVersion),
			txt: txtOneOf("v=STSv2; id=%s;", "v=STSv1.0; id=%s", "v=STSv10; id=%s;")},
		{name: "near miss", share: share{small: 0.15, mid: 0.15, errors: 1.5}, end: absent(codes.RecordBadVersion).with(codes.FindRecordNearMiss), txt: txtNearMiss},
		{name: "one record twice", share: share{small: 0.01, mid: 0.01, errors: 0.7}, txt: txtTwice,
			end: ending{record: codes.RecordMultiple, policy: codes.PolicyNotFetched, reading: readByNone}.with(codes.FindRecordIdentical)},
		{name: "two records", share: share{small: 0.02, mid: 0.02, errors: 1.5}, txt: txtMultiple,
			end: ending{record: codes.RecordMultiple, policy: codes.PolicyNotFetched, reading: readByNone}},
		{name: "no id", share: share{small: 0.25, mid: 0.25, errors: 1.2}, end: badID(codes.RecordIDMissing),
			txt: txtOneOf("v=STSv1;", "v=STSv1; ID=%s;", "v=STSv1; note=%s;")},
		{name: "id of other characters", share: share{small: 0.74, mid: 0.74, errors: 1.5}, end: badID(codes.RecordIDInvalid),
			txt: txtOneOf("v=STSv1; id=%s-1;", "v=STSv1; id=2024_%s", "v=STSv1; id=\"%s\";", "v=STSv1; id=;", "v=STSv1; id = %s;", "v=STSv1; id=%s\xc3\xa9")},
		{name: "id too long", share: share{errors: 1}, txt: txtOverlong, end: badID(codes.RecordIDTooLong)},
		{name: "bare field", share: share{errors: 1}, end: badField(codes.RecordFieldMalformed, readByNone),
			txt: txtOneOf("v=STSv1; id=%s; note;", "v=STSv1; note; id=%s", "v=STSv1; id=%s; id")},
		{name: "id without a name", share: share{errors: 0.7}, end: badID(codes.RecordFieldMalformed), txt: txtOneOf("v=STSv1; id", "v=STSv1; %s;")},
		{name: "extension of other characters", share: share{small: 0.01, mid: 0.01, errors: 1}, end: badField(codes.RecordExtensionInvalid, readByNone),
			txt: txtOneOf("v=STSv1; id=%s; n=two words;", "v=STSv1; id=%s; -n=1", "v=STSv1; id=%s; n==", "v=STSv1; id=%s; =x;")},
		{name: "empty field", share: share{small: 0.02, errors: 1}, end: badField(codes.RecordFieldMalformed, readLeniently),
			txt: txtOneOf("v=STSv1; id=%s;;", "v=STSv1;; id=%s;", "v=STSv1; id=%s; ;")},
		{name: "space after the id", share: share{small: 0.02, errors: 0.7}, txt: txtOneOf("v=STSv1; id=%s ", "v=STSv1; id=%s\t"),
			end: badField(codes.RecordIDInvalid, readLeniently)},
	}
}

// hostStories have a good record and a policy host that cannot be connected to. What cannot be looked up says
// nothing about the policy host.
func hostStories() []story {
	const dns, tcp = codes.StageDNS, codes.StageTCP
	return []story{
		{name: "no policy host", share: share{small: 0.15, errors: 1.5}, by: byOwner, host: playNXDomain, end: fetch(codes.PolicyMissing, dns, codes.ReasonNXDomain)},
		{name: "half delegation", share: share{small: 0.05, errors: 1.5}, by: byThird, host: playNXDomain, end: fetch(codes.PolicyMissing, dns, codes.ReasonNXDomain)},
		{name: "policy host without address", share: share{small: 0.05, errors: 1.2}, host: playNoData, end: fetch(codes.PolicyMissing, dns, codes.ReasonNoData)},
		{name: "lame policy host", share: share{small: 0.02, errors: 1.2}, host: playServfail, end: fetch(codes.PolicyUnknown, dns, codes.ReasonServfail)},
		{name: "refused policy host", share: share{small: 0.01, errors: 1}, host: playRefused, end: fetch(codes.PolicyUnknown, dns, codes.ReasonRefused)},
		{name: "silent policy host", share: share{errors: 0.2}, host: playSilent, end: fetch(codes.PolicyUnknown, dns, codes.ReasonTimeout)},
		{name: "policy host not implemented", share: share{errors: 0.7}, host: playNotImplemented, end: fetch(codes.PolicyUnknown, dns, codes.ReasonOther)},
		{name: "policy host denied by another zone", share: share{errors: 0.5}, host: playStray, end: fetch(codes.PolicyUnknown, dns, codes.ReasonOther)},
		{name: "policy host without address, and no SOA", share: share{errors: 0.5}, noSOA: true, host: playNoData, end: fetch(codes.PolicyMissing, dns, codes.ReasonNoData)},
		{name: "policy host loop", share: share{errors: 1}, hostAlias: aliasLoop, end: fetch(codes.PolicyUnknown, dns, codes.ReasonCNAMELoop)},
		{name: "policy host chain without end", share: share{errors: 1}, hostAlias: aliasLong, end: fetch(codes.PolicyUnknown, dns, codes.ReasonCNAMETooLong)},
		{name: "forbidden policy host", share: share{small: 0.02, errors: 1.5}, addrs: addrsForbidden, end: fetch(codes.PolicyForbidden, dns, codes.ReasonForbiddenAddress)},

		{name: "closed port", share: share{third: 0.05, small: 0.6, mid: 0.1, errors: 1.5}, tcp: tcpRefuse, end: fetch(codes.PolicyUnreachable, tcp, codes.ReasonRefused)},
		{name: "silent port", share: share{third: 0.05, small: 0.6, mid: 0.1, errors: 0.5}, tcp: tcpSilent, addrs: addrsSingle, end: fetch(codes.PolicyUnreachable, tcp, codes.ReasonTimeout)},
		{name: "unreachable address", share: share{third: 0.02, small: 0.2, mid: 0.1, errors: 1.2}, tcp: tcpUnreachable, end: fetch(codes.PolicyUnreachable, tcp, codes.ReasonUnreachable)},
		{name: "odd connection", share: share{errors: 0.5}, tcp: tcpOdd, end: fetch(codes.PolicyUnreachable, tcp, codes.ReasonOther)},
		{name: "reset connection", share: share{errors: 1}, tcp: tcpReset, end: failedTLS(codes.TLSReset)},
	}
}

// tlsStories end in the handshake.
func tlsStories() []story {
	return []story{
		{name: "certificate of the hoster", share: share{third: 1.45, small: 8.6, mid: 30, parking: 100, errors: 2}, tls: tlsWrongName, end: failedTLS(codes.TLSNameMismatch)},
		{name: "name in the subject only", share: share{small: 0.05, errors: 0.5}, tls: tlsCommonName, end: failedTLS(codes.TLSNameMismatch)},
		{name: "partial wildcard", share: share{errors: 0.5}, tls: tlsPartialWildcard, end: failedTLS(codes.TLSNameMismatch)},
		{name: "wildcard one label above", share: share{small: 0.25, errors: 0.5}, tls: tlsParentWildcard, end: failedTLS(codes.TLSNameMismatch)},
		{name: "expired", share: share{third: 0.5, small: 1.6, mid: 3, errors: 1.5}, tls: tlsExpired, end: failedTLS(codes.TLSExpired)},
		{name: "not yet valid", share: share{errors: 1}, tls: tlsNotYetValid, end: failedTLS(codes.TLSNotYetValid)},
		{name: "self-signed", share: share{third: 0.2, small: 0.8, mid: 2, errors: 1.5}, tls: tlsSelfSigned, end: failedTLS(codes.TLSSelfSigned)},
		{name: "unknown authority", share: share{small: 0.2, mid: 0.5, errors: 1.2}, tls: tlsUnknownAuthority, end: failedTLS(codes.TLSUnknownAuthority)},
		{name: "untrusted root that is not sent", share: share{small: 0.1, mid: 0.2, errors: 0.7}, tls: tlsAlienChain, end: failedTLS(codes.TLSUnknownAuthority)},
		{name: "SHA-1 in the chain", share: share{errors: 0.5}, tls: tlsSHA1Chain, end: failedTLS(codes.TLSCertificate)},
		{name: "key of 512 bits", share: share{errors: 0.3}, tls: tlsTinyKey, end: failedTLS(codes.TLSCertificate), findings: []codes.Finding{codes.FindCertKeyShort}},
		{name: "incomplete chain", share: share{small: 0.4, mid: 0.7, errors: 1.2}, tls: tlsIncompleteChain, end: failedTLS(codes.TLSIncompleteChain)},
		{name: "no certificate for the name", share: share{third: 1.3, small: 0.3, mid: 1.5, errors: 1.2}, tls: tlsNoCertForName, end: failedTLS(codes.TLSNoCertForName)},
		{name: "handshake failure", share: share{small: 0.1, errors: 1}, tcp: tcpNoHandshake, end: failedTLS(codes.TLSHandshakeFailure), findings: []codes.Finding{codes.FindClientLimit}},
		{name: "handshake failure for the name", share: share{third: 0.2, small: 0.1, mid: 0.5, errors: 1}, tls: tlsHandshakeFailure, tcp: tcpNameless, end: failedTLS(codes.TLSNoCertForName)},
		{name: "internal error", share: share{third: 0.1, small: 0.1, errors: 1}, tls: tlsInternalError, end: failedTLS(codes.TLSAlert)},
		{name: "internal error for the name", share: share{third: 0.1, errors: 1}, tls: tlsInternalError, tcp: tcpNameless, end: failedTLS(codes.TLSNoCertForName)},
		{name: "certificate for clients", share: share{errors: 0.5}, tls: tlsForClients, end: failedTLS(codes.TLSCertificate)},
		{name: "certificate too large", share: share{errors: 0.3}, tls: tlsOversize, end: failedTLS(codes.TLSOversize)},
		{name: "strange handshake", share: share{errors: 0.5}, tls: tlsStrange, end: failedTLS(codes.TLSOther)},
		{name: "old TLS", share: share{small: 0.05, errors: 1}, tls: tlsOldVersion, end: failedTLS(codes.TLSProtocolVersion)},
		{name: "HTTP/2 only", share: share{small: 0.02, errors: 0.5}, tls: tlsHTTP2Only, end: failedTLS(codes.TLSAlert), findings: []codes.Finding{codes.FindHTTP2Only}},
		{name: "HTTP without TLS", share: share{small: 0.05, errors: 0.7}, tls: tlsPlainHTTP, end: failedTLS(codes.TLSNotTLS), findings: []codes.Finding{codes.FindPlainHTTP}},
		{name: "SMTP on the port", share: share{small: 0.05, errors: 0.5}, tls: tlsNotTLS, end: failedTLS(codes.TLSNotTLS)},
		{name: "silent handshake", share: share{errors: 0.4}, tls: tlsSilent, addrs: addrsSingle, end: failedTLS(codes.TLSHandshakeTimeout)},
		{name: "reset handshake", share: share{small: 0.05, errors: 1}, tls: tlsReset, end: failedTLS(codes.TLSReset)},
	}
}

// webStories end in the response's header or body.
func webStories() []story {
	failed := func(stage codes.Stage, reason codes.PolicyReason) ending {
		return fetch(codes.PolicyUnreachable, stage, reason)
	}
	const http, body = codes.StageHTTP, codes.StageBody
	tooLarge := fetch(codes.PolicyInvalid, body, codes.ReasonTooLarge)
	return []story{
		{name: "not found", share: share{third: 0.49, small: 1.83, mid: 3.45, errors: 2}, status: []int{404}, end: fetch(codes.PolicyMissing, http, codes.ReasonNotFound)},
		{name: "forbidden", share: share{third: 0.06, small: 0.25, mid: 0.4, errors: 1.5}, status: []int{403}, end: failed(http, codes.ReasonForbidden)},
		{name: "client error", share: share{third: 0.03, small: 0.12, mid: 0.15, errors: 1.2}, status: []int{400, 401, 410, 421, 429, 451}, end: failed(http, codes.ReasonClientError)},
		{name: "server error", share: share{third: 0.12, small: 0.3, mid: 0.9, errors: 1.5}, status: []int{500, 502, 503, 504}, end: failed(http, codes.ReasonServerError)},
		{name: "redirect", share: share{third: 0.05, small: 0.3, mid: 0.4, errors: 1.5}, status: []int{301, 302, 303, 307, 308}, end: failed(http, codes.ReasonRedirect)},
		{name: "other success", share: share{errors: 1}, status: []int{201, 202, 203, 206}, end: failed(http, codes.ReasonStatus)},
		{name: "filter", share: share{third: 0.02, small: 0.1, errors: 1}, status: []int{403, 503}, filtered: true, end: failed(http, codes.ReasonBlocked)},
		{name: "filter's error code", share: share{errors: 0.6}, status: []int{403, 429}, denied: true, end: failed(http, codes.ReasonBlocked)},
		{name: "hanging up", share: share{errors: 0.7}, body: bodyHangUp, end: failed(http, codes.ReasonReset)},
		{name: "not HTTP", share: share{errors: 1}, body: bodyGarbage, end: failed(http, codes.ReasonMalformed)},
		{name: "frames of HTTP/2", share: share{errors: 0.5}, body: bodyFrames, end: failed(http, codes.ReasonMalformed), findings: []codes.Finding{codes.FindHTTP2Only}},
		{name: "header flood", share: share{errors: 0.7}, body: bodyHeaderFlood, end: failed(http, codes.ReasonHeadersTooLarge)},
		{name: "silent server", share: share{errors: 0.25}, body: bodySilent, addrs: addrsSingle, end: failed(http, codes.ReasonTimeout)},
		{name: "dripping header", share: share{errors: 0.15}, body: bodyHeaderDrip, addrs: addrsSingle, end: failed(http, codes.ReasonTimeout)},

		{name: "body too large", share: share{errors: 1}, size: sizeOver, end: tooLarge},
		{name: "body without end", share: share{errors: 0.5}, body: bodyEndless, end: tooLarge},
		{name: "body cut short", share: share{errors: 1}, body: bodyShort, end: failed(body, codes.ReasonTruncated)},
		{name: "chunks that are none", share: share{errors: 0.7}, body: bodyBadChunks, end: failed(body, codes.ReasonMalformed)},
		{name: "body reset", share: share{errors: 1}, body: bodyReset, end: failed(body, codes.ReasonReset)},
		{name: "dripping body", share: share{errors: 0.25}, body: bodyDrip, size: sizeFull, addrs: addrsSingle, end: failed(body, codes.ReasonTimeout)},
		{name: "compressed body", share: share{errors: 1}, size: sizeGzip, end: failed(body, codes.ReasonEncoded)},
		{name: "unknown coding", share: share{errors: 0.7}, header: [][2]string{{"Content-Encoding", "br"}}, end: failed(body, codes.ReasonEncoded)},
	}
}

// contentType is the header with another media type than usual.
func contentType(value string) [][2]string { return [][2]string{{"Content-Type", value}} }

// policyStories have a policy that does not parse by the letter.
func policyStories() []story {
	return []story{
		{name: "empty", share: share{third: 0.02, small: 0.02, mid: 0.02, errors: 1}, edit: editEmpty, end: badPolicy(codes.ReasonEmpty, readByNone)},
		{name: "web page", share: share{small: 0.04, mid: 0.04, errors: 1}, edit: editHTML, header: contentType("text/html; charset=utf-8"), end: badPolicy(codes.ReasonHTML, readByNone)},
		{name: "not UTF-8", share: share{errors: 0.4}, edit: editNotText, end: badPolicy(codes.ReasonNotText, readByNone)},
		{name: "extension not in UTF-8", share: share{errors: 0.4}, edit: editExtensionNotText, end: badPolicy(codes.ReasonNotText, readLeniently)},
		{name: "byte order mark", share: share{small: 0.01, errors: 0.8}, edit: editByteOrderMark, end: badPolicy(codes.ReasonByteOrderMark, readByNone)},
		{name: "blank line", share: share{small: 0.01, errors: 1}, edit: editBlankLine, end: badPolicy(codes.ReasonBlankLine, readLeniently)},
		{name: "CR beside line ends", share: share{errors: 0.6}, edit: editCarriageReturn, end: badPolicy(codes.ReasonLineMalformed, readLeniently)},
		{name: "leading space", share: share{small: 0.01, errors: 0.8}, edit: editLeadingSpace, end: badPolicy(codes.ReasonLeadingSpace, readByNone)},
		{name: "no colon", share: share{small: 0.01, mid: 0.01, errors: 0.8}, edit: editLineMalformed, end: badPolicy(codes.ReasonLineMalformed, readByNone)},
		{name: "record as policy", share: share{errors: 0.3}, edit: editRecordAsPolicy, end: badPolicy(codes.ReasonLineMalformed, readByNone)},

		{name: "no version", share: share{small: 0.01, errors: 0.8}, edit: editVersionMissing, end: badPolicy(codes.ReasonVersionMissing, readByNone)},
		{name: "Version", share: share{errors: 0.4}, edit: editVersionCase, end: badPolicy(codes.ReasonVersionMissing, readByNone)},
		{name: "version of others", share: share{errors: 0.8}, edit: editVersionInvalid, end: badPolicy(codes.ReasonVersionInvalid, readByNone)},
		{name: "no mode", share: share{errors: 0.6}, edit: editModeMissing, end: badPolicy(codes.ReasonModeMissing, readByNone)},
		{name: "Mode", share: share{errors: 0.4}, edit: editFieldCase, end: badPolicy(codes.ReasonModeMissing, readByNone)},
		{name: "unknown mode", share: share{small: 0.01, errors: 0.6}, edit: editModeInvalid, end: badPolicy(codes.ReasonModeInvalid, readByNone)},
		{name: "mode in upper case", share: share{small: 0.01, errors: 0.6}, edit: editModeCase, end: badPolicy(codes.ReasonModeInvalid, readByNone)},
		{name: "no max_age", share: share{third: 0.03, errors: 0.6}, edit: editMaxAgeMissing, end: badPolicy(codes.ReasonMaxAgeMissing, readByNone)},
		{name: "Max_Age", share: share{errors: 0.4}, edit: editMaxAgeCase, end: badPolicy(codes.ReasonMaxAgeMissing, readByNone)},
		{name: "max_age that is no number", share: share{third: 0.03, errors: 0.8}, edit: editMaxAgeInvalid, end: badPolicy(codes.ReasonMaxAgeInvalid, readByNone)},
		{name: "max_age over a year", share: share{small: 0.02, errors: 0.8}, edit: editMaxAgeOver, end: badPolicy(codes.ReasonMaxAgeOver, readByNone)},
		{name: "no mx", share: share{third: 0.02, errors: 0.6}, edit: editMXMissing, end: badPolicy(codes.ReasonMXMissing, readByNone)},
		{name: "MX", share: share{errors: 0.4}, edit: editMXCase, end: badPolicy(codes.ReasonMXMissing, readByNone)},

		{name: "mx with a final dot", share: share{third: 0.06, small: 0.07, mid: 0.04, errors: 0.6}, edit: editMXTrailingDot, end: badPolicy(codes.ReasonMXInvalid, readLeniently)},
		{name: "mx with an underscore", share: share{errors: 0.5}, edit: editMXUnderscore, end: badPolicy(codes.ReasonMXInvalid, readLeniently)},
		{name: "mx with an e-mail address", share: share{third: 0.07, small: 0.07, mid: 0.04, errors: 0.5}, edit: editMXEmail, end: badPolicy(codes.ReasonMXInvalid, readByNone)},
		{name: "mx with nothing", share: share{third: 0.03, small: 0.07, mid: 0.02, errors: 0.5}, edit: editMXEmpty, end: badPolicy(codes.ReasonMXInvalid, readByNone)},
		{name: "mx with a URL", share: share{third: 0.02, small: 0.02, errors: 0.5}, edit: editMXURL, end: badPolicy(codes.ReasonMXInvalid, readByNone)},
		{name: "mx with an address literal", share: share{errors: 0.4}, edit: editMXLiteral, end: badPolicy(codes.ReasonMXInvalid, readLeniently)},
		{name: "mx with several names", share: share{small: 0.02, mid: 0.02, errors: 0.5}, edit: editMXSeveral, end: badPolicy(codes.ReasonMXInvalid, readLeniently)},
		{name: "mx in Unicode", share: share{errors: 0.4}, edit: editMXUnicode, end: badPolicy(codes.ReasonMXInvalid, readByNone)},
		{name: "mx with a star in the middle", share: share{errors: 0.5}, edit: editMXWildcard, end: badPolicy(codes.ReasonMXInvalid, readLeniently)},
		{name: "mx that is no name", share: share{small: 0.01, errors: 0.5}, edit: editMXSyntax, end: badPolicy(codes.ReasonMXInvalid, readLeniently)},
		{name: "extension that is none", share: share{errors: 0.6}, edit: editExtensionInvalid, end: badPolicy(codes.ReasonExtensionInvalid, readLeniently)},
	}
}
