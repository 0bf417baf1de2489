package output

import (
	"fmt"
	"reflect"
	"unicode/utf8"
)

// A RowError says that a row cannot be stored: some reader would refuse the
// whole file for it. It is a fault of this program, not of the domain: what
// strangers send is made valid where it enters.
type RowError struct {
	Domain string
	Rank   int64
	Column string
	Reason string
}

func (e *RowError) Error() string {
	return fmt.Sprintf("row of rank %d (%+q): column %s %s", e.Rank, e.Domain, e.Column, e.Reason)
}

// texts are the text columns of r that are no lists, in the order of the
// schema, and lists are those that are. They are written out because every row
// of a survey passes here; a test holds them against the schema.
func texts(r *Row) [51]string {
	return [...]string{
		r.Domain, r.List, r.TLD, r.RegisteredDomain,
		r.Record, r.RecordReason, r.Error, r.RecordID, r.Zone, r.Rcode, r.Resolver,
		r.IPv4, r.IPv6, r.Addr, r.TLSVersion, r.TLSCipher, r.TLSGroup, r.TLSError, r.CertIssuer, r.CertSHA256,
		r.HTTPLocation, r.ContentType, r.ContentEncoding, r.Server, r.BodyFraming,
		r.Policy, r.PolicyStage, r.PolicyReason, r.PolicySHA256, r.Mode,
		r.MXKind, r.MXReason, r.MXMatch, r.Mismatch, r.MXTLS, r.TLSRPT, r.TLSRPTReason, r.DANE,
		r.Delegation, r.RecordDelegatedTo, r.HostDelegatedTo, r.Provider, r.Verdict, r.VerdictBasis,
		r.TLSRPTResult, r.Pending,
		r.FirstRecord, r.FirstRecordReason, r.FirstPolicy, r.FirstPolicyStage, r.FirstPolicyReason,
	}
}

func lists(r *Row) [16][]string {
	return [...][]string{
		r.Extensions, r.CNAMEs, r.HostCNAMEs, r.HostAddrs, r.TriedAddrs, r.TriedOutcomes, r.CertNames, r.MXPatterns, r.PolicyExtensions,
		r.MXUnused, r.TLSRPTCNAMEs, r.RUA, r.RUAKinds, r.RUADomains, r.TLSARecords, r.Findings,
	}
}

// absent is a set of those columns of r that are NULL, among the ones for
// which the Parquet library decides by the zero value.
func absent(r *Row) (set uint64) {
	columns := texts(r)
	for i := range columns {
		if columns[i] == "" {
			set |= 1 << i
		}
	}
	if r.Tags == nil {
		set |= 1 << 62
	}
	if r.PolicyText == nil {
		set |= 1 << 63
	}
	return set
}

// checkRow looks for what Parquet writers accept and readers choke on, and for
// columns that may not be empty and are.
func checkRow(r *Row) error {
	if err := checkNotEmpty(r); err != nil {
		return err
	}
	if column := invalidText(r); column != "" {
		return &RowError{r.Domain, r.Rank, column, "is not valid UTF-8"}
	}
	return nil
}

func checkNotEmpty(r *Row) error {
	switch "" {
	case r.Domain:
		return &RowError{r.Domain, r.Rank, "domain", "is empty"}
	case r.List:
		return &RowError{r.Domain, r.Rank, "list", "is empty"}
	case r.TLD:
		return &RowError{r.Domain, r.Rank, "tld", "is empty"}
	case r.Record:
		return &RowError{r.Domain, r.Rank, "record", "is empty"}
	case r.Policy:
		return &RowError{r.Domain, r.Rank, "policy", "is empty"}
	}
	return nil
}

// invalidText names a text column that is not valid UTF-8; "" when all is well.
func invalidText(r *Row) string {
	columns := texts(r)
	for i := range columns {
		if !utf8.ValidString(columns[i]) {
			return columnOfType[string](i)
		}
	}
	for i, list := range lists(r) {
		for _, text := range list {
			if !utf8.ValidString(text) {
				return columnOfType[[]string](i)
			}
		}
	}
	for i := range r.MX {
		for _, text := range r.MX[i].texts() {
			if !utf8.ValidString(text) {
				return "mx"
			}
		}
	}
	for name, value := range r.Tags {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return "tags"
		}
	}
	return ""
}

// columnOfType names the i-th column that has the type T in [Row].
func columnOfType[T any](i int) string {
	row := reflect.TypeFor[Row]()
	for f := range row.NumField() {
		if row.Field(f).Type != reflect.TypeFor[T]() {
			continue
		}
		if i == 0 {
			name, _ := columnTag(row.Field(f))
			return name
		}
		i--
	}
	return ""
}
