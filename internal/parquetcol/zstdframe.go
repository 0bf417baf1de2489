package parquetcol

import (
	"encoding/binary"

	"github.com/klauspost/compress/huff0"
)

// blockSize is the most octets that a block of a Zstandard frame may hold (RFC 8878, section 3.1.1.2.4).
const blockSize = 128 << 10

// appendZstdFrame appends src as a Zstandard frame (RFC 8878) of literals alone: each block is Huffman coded and has
// no sequences.
//
// That suits names, once DELTA_BYTE_ARRAY has removed what they share with their neighbours. An encoder that looks
// for matches in the rest finds mostly ".com": it takes four times as long, and the frame is no smaller.
func appendZstdFrame(dst, src []byte, s *huff0.Scratch) []byte {
	// A single segment, its size in four octets (section 3.1.1.1).
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd, 2<<6|1<<5)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(src)))
	for {
		block := src[:min(len(src), blockSize)]
		src = src[len(block):]
		dst = appendBlock(dst, block, len(src) == 0, s)
		if len(src) == 0 {
			return dst
		}
	}
}

// appendBlock appends one block (section 3.1.1.2): raw where the code would not make it smaller.
func appendBlock(dst, block []byte, last bool, s *huff0.Scratch) []byte {
	const raw, compressed = 0, 2
	s.Reuse = huff0.ReusePolicyNone
	coded, _, err := huff0.Compress4X(block, s)
	const headers = 5 + 1 // of literals and of sequences
	if err != nil || len(coded)+headers >= len(block) {
		return append(appendBlockHeader(dst, last, raw, len(block)), block...)
	}
	dst = appendBlockHeader(dst, last, compressed, len(coded)+headers)
	// Literals in four streams, both sizes in 18 bits (section 3.1.1.3.1.1), and no sequences (section 3.1.1.3.2.1).
	header := uint64(compressed|3<<2) | uint64(len(block))<<4 | uint64(len(coded))<<22
	dst = append(dst, byte(header), byte(header>>8), byte(header>>16), byte(header>>24), byte(header>>32))
	return append(append(dst, coded...), 0)
}

func appendBlockHeader(dst []byte, last bool, kind, size int) []byte {
	header := kind<<1 | size<<3
	if last {
		header |= 1
	}
	return append(dst, byte(header), byte(header>>8), byte(header>>16))
}
