package explain

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// What failed is named, whose it is, why and what to do; the rest is counted, and the lines fit the terminal.
func TestFailing(t *testing.T) {
	row := func(i int) *output.Row {
		return &output.Row{
			Domain: fmt.Sprintf("shop%02d.example.com", i), Verdict: "broken", Record: "valid", Policy: "unreachable",
			PolicyStage: "tls", PolicyReason: "expired",
			Tags: map[string]string{"team": "retail\x1b[31m", "owner": "ann", "site": ""},
		}
	}
	yield := func(n int, err error) func(func(*output.Row, error) bool) {
		return func(yield func(*output.Row, error) bool) {
			for i := range n {
				if !yield(row(i), nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
			}
		}
	}
	const first = `
  shop00.example.com (owner=ann team=retail\u001b[31m): broken: the
    certificate has expired
    Renew the certificate of mta-sts.shop00.example.com (section 3.3).`
	for _, tt := range []struct {
		rows, total int
		err         error
		want        string
	}{
		{0, 0, nil, ""},
		{1, 1, nil, first},
		{1, 3, errors.New("part-000001.parquet: is damaged"), first +
			"\n  not all can be named: part-000001.parquet: is damaged\n  and 2 more: list"},
	} {
		rows, err := firstOf(yield(tt.rows, tt.err))
		if got := failing(rows, nil, err, int64(tt.total), "list", 80); got != tt.want {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
	}
	for _, width := range []int{40, 80, 120} {
		rows, _ := firstOf(yield(5000, nil))
		got := failing(rows, nil, nil, 5000, "list", width)
		if n := strings.Count(got, "Renew the"); n != mostFailing || !strings.HasSuffix(got, "\n  and 4,980 more: list") {
			t.Errorf("%d are named: %s", n, got)
		}
		for line := range strings.Lines(got) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > width {
				t.Errorf("%d columns: %q", width, line)
			}
		}
	}
}
