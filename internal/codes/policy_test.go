package codes

import (
	"slices"
	"testing"
)

func TestAllPolicyReasonsOnce(t *testing.T) {
	all := AllPolicyReasons()
	unique := slices.Compact(slices.Sorted(slices.Values(all)))
	if len(all) != len(unique) {
		t.Errorf("%d reasons, %d of them different", len(all), len(unique))
	}
}
