package domains

import (
	"context"
	"io"
)

// findRepeats marks the ranks of the names that have a lower rank too. There is
// no bitmap where there are none.
func (p *preparation) findRepeats(ctx context.Context) (bitmap, error) {
	marks := newBitmap(p.plan.Entries)
	n, err := p.hashes.mark(ctx, marks)
	if err != nil || n == 0 {
		return nil, err
	}
	blocks := p.spool.blocks()
	for {
		err := blocks.header()
		if err == io.EOF {
			return marks, p.repeats.clear(ctx, marks)
		}
		if err == nil && !marks.fits(blocks.h.last) {
			err = errBlock
		}
		if err == nil {
			err = blocks.read()
		}
		if err == nil && marks.hasAny(blocks.h.first, blocks.h.last) {
			err = p.lookInto(blocks, marks)
		}
		if err != nil {
			return nil, p.spool.wrong(err)
		}
	}
}

// lookInto takes in the names of a block that are marked.
func (p *preparation) lookInto(blocks *blockReader, marks bitmap) error {
	at := &p.at
	at.reset(blocks.h, blocks.columns, len(p.cfg.Tags))
	for {
		err := at.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if marks.has(at.rank) {
			if err := p.repeats.add(at.rank, at.names[at.begin:at.end]); err != nil {
				return err
			}
		}
	}
}
