package resolver

import "testing"

func TestRcodeName(t *testing.T) {
	for rcode, want := range map[int]string{
		0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED", 9: "NOTAUTH", 10: "NOTZONE", 12: "RCODE12",
		16: "BADVERS", 17: "BADKEY", 23: "BADCOOKIE", 4095: "RCODE4095",
	} {
		if got := RcodeName(rcode); got != want {
			t.Errorf("%d: %s, want %s", rcode, got, want)
		}
	}
}
