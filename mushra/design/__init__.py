"""What a listening test consists of: conditions, anchors, the order of pages and stimuli."""
