package output

import (
	"bytes"
	"strings"
	"testing"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// A frame of literals is one that any Zstandard decoder takes.
func TestLiterals(t *testing.T) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	var scratch huff0.Scratch
	check := func(t interface{ Fatalf(string, ...any) }, src []byte) {
		frame := appendLiterals(nil, src, &scratch)
		got, err := decoder.DecodeAll(frame, nil)
		if err != nil || !bytes.Equal(got, src) {
			t.Fatalf("%d octets: %d came back, %v", len(src), len(got), err)
		}
	}
	names := []byte(strings.Join(benchNames(50_000, false), "")) // several blocks
	for _, n := range []int{0, 1, 5, 6, 31, 32, 256, 1023, 1024, 16383, 16384, blockSize - 1, blockSize, blockSize + 1, 2 * blockSize, len(names)} {
		check(t, names[:n])
		check(t, bytes.Repeat([]byte("a"), n))
	}
	if got := len(appendLiterals(nil, names, &scratch)); got > len(names)*65/100 {
		t.Errorf("%d octets of names became %d", len(names), got)
	}
	rapid.Check(t, func(rt *rapid.T) {
		alphabet := rapid.SliceOfN(rapid.Byte(), 1, 256).Draw(rt, "alphabet")
		check(rt, rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 2000).Draw(rt, "src"))
	})
}
