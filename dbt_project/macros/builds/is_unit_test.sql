{#
    True while dbt makes the SQL of a unit test. Its rows are made up and of any time: what landing has lost does not concern
    them, nor how much this command rebuilds, which the test says itself. `dbt build` makes it beside the models.
#}
{% macro is_unit_test() %}{{ return(model is defined and model.resource_type == 'unit_test') }}{% endmacro %}
