package simnet

import "stsscan/internal/codes"

// absences is the table of stories without a record. The first has what the others leave of 100 percent. Rates
// of failures in zones and top: OpenINTEL, April 2026, and a Swiss scan of 2026, where 96 % of the failures
// persist, as all of them do here. Only the record's own name fails: the rest of the zone answers. The share of
// names that no longer exist is from OpenINTEL for zone files, and a guess for top lists, as are wildcards.
func absences() []story {
	return []story{
		{name: "no record", host: playNXDomain,
			record: playNXDomain, end: absent(codes.RecordNXDomain)},
		{name: "no domain", share: share{zones: 0.5, top: 3, absent: 12}, host: playNoDomain,
			record: playNoDomain, end: absent(codes.RecordNoDomain)},
		{name: "wildcard address", share: share{zones: 6, top: 8, absent: 14}, tls: tlsWrongName,
			record: playNoData, end: absent(codes.RecordNoData)},
		{name: "wildcard text", share: share{zones: 0.3, top: 0.4, absent: 6}, host: playNoData,
			txt: txtOther, end: absent(codes.RecordOtherTXT)},

		// Name servers, or forwarders, that leave out the SOA.
		{name: "no record, and no SOA", share: share{absent: 2}, noSOA: true, host: playNXDomain,
			record: playNXDomain, end: absent(codes.RecordNXDomain).with(codes.FindNegativeWithoutSOA)},
		{name: "no text, and no SOA", share: share{absent: 3}, noSOA: true, host: playNoData,
			record: playNoData, end: absent(codes.RecordNoData).with(codes.FindNegativeWithoutSOA)},
		{name: "alias without text, and without an SOA", share: share{absent: 1}, noSOA: true, recordAlias: aliasHops, host: playNXDomain,
			record: playNoData, end: absent(codes.RecordNoData).with(codes.FindNegativeWithoutSOA)},

		// Not known. Silence costs an observer its time limit, and is rare.
		{name: "lame", share: share{zones: 2.5, top: 2, absent: 5}, host: playServfail,
			record: playServfail, end: unknown(codes.RecordServfail)},
		{name: "silent", share: share{zones: 0.3, top: 0.1, absent: 0.6}, host: playServfail,
			record: playSilent, end: unknown(codes.RecordTimeout)},
		{name: "refused", share: share{zones: 0.1, top: 0.1, absent: 4}, host: playRefused,
			record: playRefused, end: unknown(codes.RecordRefused)},
		{name: "not implemented", share: share{zones: 0.01, top: 0.01, absent: 3}, host: playNXDomain,
			record: playNotImplemented, end: unknown(codes.RecordRcode)},
		{name: "malformed reply", share: share{zones: 0.005, top: 0.005, absent: 3}, host: playNXDomain,
			record: playMalformed, end: unknown(codes.RecordMalformed)},
		{name: "truncated reply", share: share{zones: 0.005, top: 0.005, absent: 3}, host: playNXDomain,
			record: playTruncateUDP, txt: txtOther, end: unknown(codes.RecordTruncated)},
		{name: "referral", share: share{zones: 0.05, top: 0.03, absent: 4}, host: playNXDomain,
			record: playReferral, end: unknown(codes.RecordReferral)},
		{name: "denied by another zone", share: share{absent: 1.5}, host: playNXDomain,
			record: playStray, end: unknown(codes.RecordMalformed)},
		{name: "alias that another zone denies", share: share{absent: 0.7}, recordAlias: aliasHops, host: playNXDomain,
			record: playStray, end: unknown(codes.RecordMalformed)},
		{name: "filtered", share: share{zones: 0.02, top: 0.02, absent: 4}, host: playNXDomain,
			record: playFiltered, end: unknown(codes.RecordFiltered)},

		// Aliases to nothing.
		{name: "former customer", share: share{zones: 0.002, top: 0.01, absent: 6}, by: byThird, host: playNXDomain,
			record: playNXDomain, end: absent(codes.RecordNXDomain)},
		{name: "former customer, hop by hop", share: share{absent: 2}, by: byThird, firstHop: true, host: playNXDomain,
			record: playNXDomain, end: absent(codes.RecordNXDomain)},
		{name: "alias without text", share: share{zones: 0.01, top: 0.01, absent: 3}, recordAlias: aliasHops, host: playNXDomain,
			record: playNoData, end: absent(codes.RecordNoData)},
		{name: "alias to other text", share: share{zones: 0.01, top: 0.01, absent: 3}, recordAlias: aliasHops, host: playNXDomain,
			txt: txtOther, end: absent(codes.RecordOtherTXT)},
		{name: "alias to a lame zone", share: share{absent: 2}, recordAlias: aliasHops, host: playNXDomain,
			record: playServfail, end: unknown(codes.RecordServfail)},
		{name: "alias loop", share: share{zones: 0.005, top: 0.005, absent: 4}, recordAlias: aliasLoop, host: playNXDomain,
			end: unknown(codes.RecordCNAMELoop)},
		{name: "alias chain without end", share: share{absent: 3}, recordAlias: aliasLong, host: playNXDomain,
			txt: txtOther, end: unknown(codes.RecordCNAMETooLong)},
	}
}
