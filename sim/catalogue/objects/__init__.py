"""What can be moved: containers of food, dishes, pots, books, blocks."""
