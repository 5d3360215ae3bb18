"""What is DuckDB's own: connections, attached files, settings, scans."""
