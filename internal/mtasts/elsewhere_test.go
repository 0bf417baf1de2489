package mtasts

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

func TestLookupElsewhere(t *testing.T) {
	const apex, underscore = "example.com", "_mta_sts.example.com"
	record := `TXT "v=STSv1; id=1;"`
	denied := answer{rcode: dns.RcodeNameError, rrs: []string{soa("example.com")}}
	spf := answer{rrs: []string{`example.com. TXT "v=spf1 -all"`}}
	for _, tt := range []struct {
		name             string
		apex, underscore answer
		want             [2]Elsewhere
		ours             bool
	}{
		{"nothing", spf, denied, [2]Elsewhere{}, false},
		{"at the apex, beside others", answer{rrs: []string{`example.com. TXT "v=spf1 -all"`, "example.com. " + record}}, denied,
			[2]Elsewhere{{TXT: []string{"v=STSv1; id=1;"}}}, false},
		{"with an underscore", spf, answer{rrs: []string{"_mta_sts.example.com. " + record}}, [2]Elsewhere{1: {TXT: []string{"v=STSv1; id=1;"}}}, false},
		{"behind an alias", spf, answer{rrs: []string{"_mta_sts.example.com. CNAME a.example.net.", "a.example.net. " + record}},
			[2]Elsewhere{1: {TXT: []string{"v=STSv1; id=1;"}}}, false},
		{"a near miss", answer{rrs: []string{`example.com. TXT "\"v=STSv1; id=1\""`}}, denied, [2]Elsewhere{{TXT: []string{`"v=STSv1; id=1"`}}}, false},
		{"no answer", answer{err: slowError{}}, answer{rcode: dns.RcodeServerFailure},
			[2]Elsewhere{{Reason: codes.RecordTimeout}, {Reason: codes.RecordServfail}}, false},
		{"own fault", spf, answer{err: ownFault{errors.New("no descriptors")}}, [2]Elsewhere{}, true},
		{"very many", answer{rrs: slices.Repeat([]string{"example.com. " + record}, 100)}, denied,
			[2]Elsewhere{{TXT: slices.Repeat([]string{"v=STSv1; id=1;"}, 64)}}, false},
	} {
		ex := newZones(t, map[string]answer{apex + " TXT": tt.apex, underscore + " TXT": tt.underscore})
		got, err := LookupElsewhere(t.Context(), ex, "example.com")
		want := tt.want[:]
		want[0].Name, want[1].Name = apex, underscore
		if (err != nil) != tt.ours || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, want)
		}
	}
}
