package output

import (
	"slices"

	"stsscan/internal/codes"
)

// Limited reports whether what kept the policy away may be a limit of this client:
// others may well get it.
func (r *Row) Limited() bool {
	return slices.ContainsFunc(r.Findings, func(f string) bool {
		return slices.Contains(codes.ClientLimits(), codes.Finding(f))
	})
}
