package pipeline

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// mail surveys the mail side of a domain whose lookup and fetch are in row, within
// its deadline, and ends the row with the verdict. The error is a fault of this machine.
func (r *surveyor) mail(row *output.Row, before *earlier) error {
	ctx, cancel := context.WithTimeout(r.work, r.mailDeadline(before))
	defer cancel()
	record := codes.Record(row.Record)
	ex := r.Client.Exchanger
	if ExtentRecord.covers(record) {
		suspected, err := mtasts.LookupWildcard(ctx, ex, row.Domain, strings.ToLower(rand.Text()))
		if err != nil {
			return err
		}
		fillWildcard(row, suspected)
	}
	if r.Mail.TLSRPT.covers(record) {
		report, err := mtasts.LookupTLSRPT(ctx, ex, row.Domain)
		if err != nil {
			return err
		}
		fillTLSRPT(row, report)
	}
	var mx *mtasts.MX
	if r.Mail.MX.covers(record) || r.Mail.DANE.covers(record) {
		found, err := mtasts.LookupMX(ctx, ex, row.Domain)
		if err != nil {
			return err
		}
		mx = &found
		fillMX(row, found)
	}
	if r.Mail.DANE.covers(record) {
		if err := r.dane(ctx, row, *mx); err != nil {
			return err
		}
	}
	if mx != nil && ExtentRecord.covers(record) {
		if err := r.probe(row, *mx, before); err != nil {
			return err
		}
	}
	fillDelegation(row)
	conclude(row, mx)
	return nil
}

// maxTLSAHosts bounds the hosts that are asked for TLSA records.
const maxTLSAHosts = 8

// dane asks for the TLSA records of the MX hosts. Where the MX RRset was not
// authenticated they would not count (RFC 7672, section 2.2.1), and yet say that
// somebody has begun.
func (r *surveyor) dane(ctx context.Context, row *output.Row, mx mtasts.MX) error {
	if mx.Kind == codes.MXUnknown {
		row.DANE = string(codes.DANEUnknown)
		return nil
	}
	var classes []codes.TLSA
	for i, host := range mx.Hosts {
		if host.Pseudo() {
			continue
		}
		if len(classes) == maxTLSAHosts {
			break
		}
		found, err := r.tlsa.lookup(ctx, r.Client.Exchanger, host.Name)
		if err != nil {
			return err
		}
		classes = append(classes, found.Class)
		row.MX[i].TLSA = new(string(found.Class))
		for _, record := range found.Records {
			row.TLSARecords = append(row.TLSARecords, host.Name+" "+record.String())
		}
	}
	row.DANE = string(mtasts.SummarizeDANE(mx.Authenticated, classes))
	if slices.Contains(classes, codes.TLSAUnusable) {
		addFindings(row, []codes.Finding{codes.FindTLSAUnusable})
	}
	return nil
}
