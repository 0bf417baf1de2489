package domains

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// However its octets are escaped, a name is the same, and it is accepted if it is accepted without escapes.
func TestDecodedNameProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octet := rapid.OneOf(rapid.ByteRange('a', 'c'), rapid.SampledFrom([]byte(`.-_*\ ;"0`)), rapid.Byte())
		var labels []string
		plain := true
		for range rapid.IntRange(1, 4).Draw(t, "labels") {
			label := string(rapid.SliceOfN(octet, 1, 5).Draw(t, "label"))
			plain = plain && strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*") == ""
			labels = append(labels, label)
		}
		write := func(name string) string {
			var b strings.Builder
			for i, label := range labels {
				if i > 0 {
					b.WriteByte('.')
				}
				for _, c := range []byte(label) {
					digit, letter := '0' <= c && c <= '9', lowered[c] != 0 && c != '.'
					switch way := rapid.IntRange(0, 2).Draw(t, name); {
					case way == 0 && letter:
						b.WriteByte(c)
					case way == 1 && !digit:
						b.WriteString(`\` + string([]byte{c}))
					default:
						fmt.Fprintf(&b, `\%03d`, c)
					}
				}
			}
			return b.String()
		}
		one, rooted, ok := appendDecoded(nil, []byte(write("one")+"."))
		other, _, ok2 := appendDecoded(nil, []byte(write("other")+"."))
		if string(one) != string(other) || !ok || !ok2 || !rooted {
			t.Fatalf("%q and %q: %t, %t, rooted %t", one, other, ok, ok2, rooted)
		}
		_, relative, _ := appendDecoded(nil, []byte(write("relative")))
		if relative {
			t.Fatalf("%q has no final dot", labels)
		}
		if want := strings.Join(labels, ".") + "."; plain && string(one) != want {
			t.Fatalf("%q, want %q", one, want)
		}
		name, reason := Rules{AllowSpecialUse: true, AllowUnderscore: true}.appendName(nil, one)
		if reason == "" && (!plain || string(name) != strings.ToLower(strings.Join(labels, "."))) {
			t.Fatalf("%q is taken as %q", labels, name)
		}
	})
}
