{# Every row obeys every rule; a rule is a condition that is true, or null where a value is. One query for many rules. #}
{% test obeys(model, rules) %}
select *
from {{ model }}
where not ({{ rules | join(') or not (') }})
{% endtest %}
