package verify

import "fmt"

// discrepancies describe where a row does not follow from its evidence.
type discrepancies []string

func (o *discrepancies) want(ok bool, format string, args ...any) {
	if !ok {
		*o = append(*o, fmt.Sprintf(format, args...))
	}
}

func (o *discrepancies) equal(column, got, want string) {
	o.want(got == want, "%s is %s, and the evidence says %s", column, quoted(got), quoted(want))
}
