all: scaudit
