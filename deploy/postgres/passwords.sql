-- What docker-compose.yml has a new database run after docs/roles.sql: our role gets its password, the superuser loses the
-- one that the image has given it. Nobody logs in as superuser from then on, except inside the container.
\getenv password POSTGRES_PASSWORD
alter role coinloom password :'password';
alter role postgres password null;
