{# One query for many columns: over Thrift the number of statements is the price of a test. #}
{% test never_null(model, columns) %}
select *
from {{ model }}
where {{ columns | join(' is null or ') }} is null
{% endtest %}
