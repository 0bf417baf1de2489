package parquetcol

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// Two decoders that share no code take a frame of literals: the one that the encoder's Huffman codes come with, and
// Go's own. The reference decoder has its turn in analysis, where DuckDB reads the corpus.
func TestZstdFrame(t *testing.T) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	var scratch huff0.Scratch
	check := func(t interface{ Fatalf(string, ...any) }, src []byte) {
		frame := appendZstdFrame(nil, src, &scratch)
		if got, err := decoder.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, src) {
			t.Fatalf("%d octets: %d came back, %v", len(src), len(got), err)
		}
		if got, err := decodeByGo(frame, len(src)); err != nil || !bytes.Equal(got, src) {
			t.Fatalf("%d octets: %d came back from Go, %v", len(src), len(got), err)
		}
	}
	names := manyNames(1 << 20) // several blocks
	for _, n := range []int{
		0, 1, 5, 6, 31, 32, 256, 1023, 1024, 16383, 16384, blockSize - 1, blockSize, blockSize + 1, 2 * blockSize, len(names),
	} {
		check(t, names[:n])
		check(t, bytes.Repeat([]byte("a"), n))
	}
	if got := len(appendZstdFrame(nil, names, &scratch)); got > len(names)*65/100 {
		t.Errorf("%d octets of names became %d", len(names), got)
	}
	rapid.Check(t, func(rt *rapid.T) {
		alphabet := rapid.SliceOfN(rapid.Byte(), 1, 256).Draw(rt, "alphabet")
		check(rt, rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 2000).Draw(rt, "src"))
	})
}

// manyNames is n octets of the letters that names have, about as often.
func manyNames(n int) []byte {
	const letters = "eeeeaaaaiiioootttnnnrrrssslllcccuudddmmpphhgggbbyyffwwkkvvxzjq0123456789-"
	random := rand.New(rand.NewPCG(3, 4))
	var names strings.Builder
	for names.Len() < n {
		for range 6 + random.IntN(12) {
			names.WriteByte(letters[random.IntN(len(letters))])
		}
		names.WriteString(".com")
	}
	return []byte(names.String())[:n]
}

// decodeByGo decodes a frame with the decoder that package debug/elf has for compressed sections.
func decodeByGo(frame []byte, size int) ([]byte, error) {
	const names = "\x00.shstrtab\x00.data\x00"
	header := elf.Header64{
		Ident:   [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Version: uint32(elf.EV_CURRENT), Shentsize: uint16(binary.Size(elf.Section64{})), Shnum: 3, Shstrndx: 1,
	}
	compression := elf.Chdr64{Type: uint32(elf.COMPRESS_ZSTD), Size: uint64(size)}
	header.Ehsize = uint16(binary.Size(header))
	at := uint64(header.Ehsize)
	namesAt, dataAt := at, at+uint64(len(names))
	dataSize := uint64(binary.Size(compression) + len(frame))
	header.Shoff = dataAt + dataSize

	var file bytes.Buffer
	for _, part := range []any{header, []byte(names), compression, frame, [...]elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_STRTAB), Off: namesAt, Size: uint64(len(names))},
		{Name: 11, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_COMPRESSED), Off: dataAt, Size: dataSize},
	}} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	f, err := elf.NewFile(bytes.NewReader(file.Bytes()))
	if err != nil {
		return nil, err
	}
	data := f.Section(".data")
	if data == nil {
		return nil, fmt.Errorf("the file has no section .data")
	}
	return data.Data()
}
