package metrics

import (
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// FirstCertificateEnd is when the first certificate ends that a Policy Host with a valid policy showed, by the rows in
// the directory of a run; zero: there is none.
func FirstCertificateEnd(dir string) (first time.Time, err error) {
	valid := output.Selection{
		Columns: []string{"cert_not_after"},
		Only:    []output.Condition{{Column: "policy", Words: []string{string(codes.PolicyValid)}}},
	}
	for row, err := range valid.Rows(dir) {
		if err != nil {
			return time.Time{}, err
		}
		if end := row.CertNotAfter; end != nil && (first.IsZero() || end.Before(first)) {
			first = *end
		}
	}
	return first, nil
}
